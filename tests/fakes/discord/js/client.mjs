// One client of @discordjs/voice in one call. The only argument says where (JSON: endpoint, token, guild,
// channel, user, session, others); what it does goes to standard output, a JSON object a line.
// A line on standard input is an array of Opus packets (base64) to be said. When that ends, it leaves.
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import {
  EndBehaviorType, StreamType, createAudioPlayer, createAudioResource, joinVoiceChannel,
} from "@discordjs/voice";

const where = JSON.parse(process.argv[2]);
const tell = (fact) => console.log(JSON.stringify(fact));

// The part of the main gateway: what it would say is known beforehand.
const adapterCreator = (methods) => ({
  sendPayload({ d: { channel_id: channel } }) {
    if (channel) {
      methods.onVoiceStateUpdate({ user_id: where.user, session_id: where.session, channel_id: channel });
      methods.onVoiceServerUpdate({ guild_id: where.guild, token: where.token, endpoint: where.endpoint });
    }
    return true;
  },
  destroy() {},
});

const connection = joinVoiceChannel({
  guildId: where.guild, channelId: where.channel, selfDeaf: false, selfMute: false, adapterCreator,
});
connection.on("stateChange", (_, { status }) => tell({ status }));
connection.on("transitioned", (id) => tell({ transitioned: id }));
connection.on("error", (error) => tell({ error: String(error) }));

for (const user of where.others) {
  const stream = connection.receiver.subscribe(user, { end: { behavior: EndBehaviorType.Manual } });
  stream.on("data", (packet) => tell({ from: user, packet: packet.toString("base64") }));
}

const player = createAudioPlayer();
connection.subscribe(player);
for await (const line of createInterface({ input: process.stdin })) {
  const packets = JSON.parse(line).map((packet) => Buffer.from(packet, "base64"));
  player.play(createAudioResource(Readable.from(packets), { inputType: StreamType.Opus }));
}
connection.destroy();

"""English: the answers that people get in their own language, which the other tables are looked up by."""

OPTED_OUT = (
    "From this moment on you are not captioned in this server: what your microphone sends is thrown away "
    "before it is even decrypted. That holds for every later call here, until you take it back with {optin}. "
    "What was captioned before stays: {forget} deletes what is kept of it and takes it back from calls that "
    "are running; messages of calls that are over stay until somebody deletes them. What others say about "
    "you is still captioned."
)
OUT_ALREADY = "You are not captioned in this server already. It stays so until you take it back with {optin}."
NOT_WRITTEN = (
    "It could not be written down, though: ask again in a minute, or it ends when Spokenly is restarted."
)
OPTED_IN = "You are captioned in this server again, from this moment on. {optout} takes it back."
IN_ALREADY = "You are captioned in this server already. {optout} ends that."

NOTHING_SAID = "Nothing you said is kept, so there is nothing to export."
EXPORTED = "Everything you said that is kept, of calls in other servers too. Lines: {lines}, calls: {calls}."
TOO_MUCH = "You said more than Discord takes as files: ask whoever runs this Spokenly for it."

FORGET = (
    "This deletes every word of yours that is kept, of all calls in all servers, and the recaps of "
    "those calls. Lines: {lines}, calls: {calls}. In a call that is running, your captions are taken "
    "back too. Nobody can undo it. Captions that were posted in channels are messages there: whoever "
    "may manage messages can delete them."
)
FORGOTTEN = (
    "Deleted. Lines: {lines}, calls: {calls}. Nothing you said is kept any more, and of calls that are "
    "running nothing more of you will be. For later calls there is {optout}."
)
TAKEN_BACK = "Nothing is kept here. What you said in running calls was taken back."
STAYS = (
    "Messages of calls that are over, or from before Spokenly was last started, stay: whoever may manage "
    "messages can delete them."
)
NOT_YOURS = "This button is somebody else's."

KEPT_SOUND = "**Sound** is never kept. {engine} hears it, and then it is gone."
KEPT_NEVER = "**Words**: this Spokenly keeps nothing of any call."
KEPT_CAPTIONS = (
    "**Words**: of calls in this server nothing is kept, unless whoever starts the captions asks for a "
    "transcript."
)
KEPT_TRANSCRIPT = (
    "**Words**: of calls in this server a transcript is kept, unless whoever starts the captions asks for "
    "captions only."
)
KEPT_DAYS = "Days until a transcript is deleted: {days}."
KEPT_FOR_GOOD = "Transcripts stay until somebody deletes them."
KEPT_NOW = "The call in {channel} is being kept now."
KEPT_OF_YOU = "**Of you**, in all servers: lines: {lines}, calls: {calls}."
KEPT_NOTHING_OF_YOU = "**Of you**: no words."
KEPT_CHOICE = (
    "You are not captioned in this server. That choice is kept with your Discord id, as long as it stands."
)
KEPT_MESSAGES = (
    "Captions that were posted in channels are messages there, and stay until somebody deletes them."
)

NO_CALL = "No captions are running in this server."
PAUSED = "The captions pause: nobody is heard until somebody resumes."
RESUMED = "The captions go on."
STOPPED = "The captions in {channel} have ended."
NOT_ALLOWED = (
    "Only who started the captions, or may manage {channel} or the server, can do that. Once who started "
    "them has left, everybody in {channel} can."
)
QUIET = "Nothing has been said yet."
CAUGHT_UP = "**The last {minutes} minutes of talk**"

BUG = "Something went wrong in Spokenly. Whoever runs it can see it in its log."
AWAY = "The record can't be reached now. Try again in a minute."
POSTED = "It is posted."
MAY_NOT_WRITE = "You may not write in this channel."

SHARED = (
    "The code is **{code}**, for {minutes} minutes. Whoever types it reads this call live: with "
    "{attach} on Discord, `/captions attach` on Slack, or in a browser. Everybody in the call is "
    "told where it is shown."
)
READ_AT = "In a browser: {link}"
ONLY_HERE = (
    "This link opens only on the machine that Spokenly runs on, until whoever runs it lets others in (its "
    "README says how) and sets SPOKENLY_PUBLIC_URL."
)
UNSHARED = "The code has ended, and the call is shown nowhere else any more."
PRIVATE = "This call is private: it can't be shown anywhere else."
NOT_SHARED = (
    "Only who started the captions and may enter every channel that they come from, or may manage {channel} "
    "or the server, can share them."
)
ATTACHED = "“{title}” can be read here now, live. {detach} ends that."
NOT_ATTACHED = "No call of elsewhere is shown in this channel."
NOT_DETACHED = "Only who brought the call here, or may manage this channel, can do that."
DETACHED = "It is not shown here any more."

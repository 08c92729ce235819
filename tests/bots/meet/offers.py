"""Offers as clients write them, cut to what matters."""

PRINT = ":".join(["AB"] * 32)

FFMPEG = f"""v=0
o=FFmpeg 4489045141692799359 2 IN IP4 127.0.0.1
s=FFmpegPublishSession
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd1234
a=ice-pwd:0123456789abcdef0123456789abcdef
a=fingerprint:sha-256 {PRINT}
a=setup:passive
a=mid:0
a=sendonly
a=msid:FFmpeg audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=ssrc:1234567 cname:FFmpeg
""".replace("\n", "\r\n")

BROWSER = f"""v=0
o=- 4611731400430051336 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
a=extmap-allow-mixed
a=msid-semantic: WMS 1f5c
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
c=IN IP4 0.0.0.0
a=rtcp:9 IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 192.168.1.7 50001 typ host generation 0 network-cost 999
a=candidate:2 1 udp 2113937150 5e6cf1ac-75f5-4bb2-8be0-4b1c3b0c1bd0.local 50002 typ host generation 0
a=candidate:3 1 tcp 1518280447 192.168.1.7 9 typ host tcptype active generation 0
a=candidate:4 2 udp 2113937151 192.168.1.7 50003 typ host
a=candidate:5 1 udp 2113939711 2001:db8::7 50004 typ host
a=end-of-candidates
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=ice-options:trickle
a=fingerprint:sha-256 {PRINT}
a=setup:actpass
a=mid:0
a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
a=sendrecv
a=msid:1f5c 8a0e
a=rtcp-mux
a=rtcp-rsize
a=rtpmap:111 opus/48000/2
a=rtcp-fb:111 transport-cc
a=fmtp:111 minptime=10;useinbandfec=1
a=rtpmap:63 red/48000/2
a=fmtp:63 111/111
a=rtpmap:9 G722/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:126 telephone-event/8000
a=ssrc:2655508255 cname:nwHAtkPVZsPlTCjg
""".replace("\n", "\r\n")

PICTURE_FIRST = f"""v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE video0 audio1
a=fingerprint:sha-256 {PRINT}
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2113937151 192.168.1.7 50001 typ host
a=ice-ufrag:EsAw
a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1
a=setup:actpass
a=mid:video0
a=sendonly
a=rtcp-mux
a=rtpmap:96 AV1/90000
a=rtpmap:97 H265/90000
m=audio 0 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=bundle-only
a=mid:audio1
a=sendonly
a=rtcp-mux
a=rtpmap:111 OPUS/48000/2
""".replace("\n", "\r\n")

ALL = (FFMPEG, BROWSER, PICTURE_FIRST)

"""Japanese."""

from bots.discord.translations import en

NAMES = {
    "captions": "字幕",
    "start": "開始",
    "stop": "終了",
    "pause": "一時停止",
    "resume": "再開",
    "status": "状態",
    "channel": "チャンネル",
    "language": "言語",
    "keep": "保存",
    "where": "表示先",
    "into": "投稿先",
    "private": "非公開",
    "recap": "要約",
    "call": "通話",
    "public": "公開",
    "transcript": "文字起こし",
    "format": "形式",
    "privacy": "プライバシー",
    "optout": "字幕を拒否",
    "optin": "字幕を許可",
    "export": "エクスポート",
    "forget": "消去",
    "what-is-kept": "保存内容",
    "spokenly": "spokenly",
    "setup": "設定",
    "share": "共有",
    "attach": "表示",
    "detach": "表示をやめる",
    "code": "コード",
}

TEXTS = {
    # Commands
    "Transcribe": "文字に起こす",
    "Live captions of a voice channel": "ボイスチャンネルのライブ字幕",
    "Start captions in a voice channel": "ボイスチャンネルで字幕を開始する",
    "The voice channel (without one: where you are)": "ボイスチャンネル（省略時：今いるチャンネル）",
    "What people speak there": "そこで話される言語",
    "What is kept of the call": "通話の何を保存するか",
    "Where the captions are posted": "字幕を表示する場所",
    "A channel or thread to post the captions in": "字幕を投稿するチャンネルまたはスレッド",
    "No code shows these captions elsewhere; who can read the place they are in still can": (
        "コードで他の場所に表示できなくする（投稿先を読める人は変わらず読める）"
    ),
    "Captions only: nothing is kept": "字幕のみ：何も保存しない",
    "A transcript and a recap": "文字起こしと要約",
    "Here": "ここ",
    "A thread of their own": "専用のスレッド",
    "The voice channel's own chat": "ボイスチャンネルのチャット",
    "End the captions": "字幕を終了する",
    "Pause: nobody is heard until somebody resumes": "一時停止：再開するまで誰の声も聞き取りません",
    "Go on after a pause": "一時停止のあと再開する",
    "Who is heard, how late the captions are, where they are": "誰の声が届いているか、字幕の遅れと表示場所",
    "What a call came to; only you see it": "通話の要点（あなただけに表示）",
    "Which call (without one: the last that was kept)": "どの通話か（省略時：最後に保存されたもの）",
    "Show it to everybody here": "ここにいる全員に見せる",
    "A kept call as a file; only you see it": "保存された通話をファイルで（あなただけに表示）",
    "What kind of file": "ファイルの種類",
    "Text (.txt)": "テキスト (.txt)",
    "Markdown (.md)": "Markdown (.md)",
    "WebVTT subtitles (.vtt)": "WebVTT 字幕 (.vtt)",
    "SubRip subtitles (.srt)": "SubRip 字幕 (.srt)",
    "JSON (.json)": "JSON (.json)",
    "Word (.docx)": "Word (.docx)",
    "What Spokenly may hear of you, and what it keeps": "Spokenly があなたの何を聞き、何を保存するか",
    "Don't caption me in this server, until I take it back": (
        "このサーバーで自分に字幕を付けない（取り消すまで有効）"
    ),
    "Caption me in this server again": "このサーバーで再び自分に字幕を付ける",
    "A file with everything you said that was kept": "保存されたあなたの発言すべてのファイル",
    "Delete everything you said that was kept": "保存されたあなたの発言をすべて削除する",
    "What is kept of you, for how long, and what never is": (
        "あなたの何がどれだけ保存され、何が保存されないか"
    ),
    "Spokenly in this server": "このサーバーの Spokenly",
    "How captions work in this server": "このサーバーでの字幕の設定",
    # Buttons
    "Don't caption me": "私に字幕を付けない",
    "Catch me up": "これまでの要点",
    "Pause / Resume": "一時停止／再開",
    "Stop": "終了",
    "Delete it all": "すべて削除",
    "Post it here": "ここに投稿",
    # Answers
    en.OPTED_OUT: "今この時から、このサーバーであなたに字幕は付きません。マイクからの音声は復号される前に破"
    "棄されます。{optin} で取り消すまで、ここでの今後の通話すべてに有効です。これまでの字幕は残ります。"
    "{forget} は保存された分を削除し、進行中の通話からも取り消しますが、終了した通話のメッセージは誰かが削"
    "除するまで残ります。ほかの人があなたについて話したことには字幕が付きます。",
    en.OUT_ALREADY: "このサーバーでは、すでにあなたに字幕は付きません。{optin} で取り消すまで有効です。",
    en.NOT_WRITTEN: "ただし記録できませんでした。1 分後にもう一度試してください。そうしないと Spokenly の再"
    "起動で終わります。",
    en.OPTED_IN: "今この時から、このサーバーで再びあなたに字幕が付きます。{optout} で取り消せます。",
    en.IN_ALREADY: "このサーバーでは、すでにあなたに字幕が付いています。{optout} でやめられます。",
    en.NOTHING_SAID: "保存されたあなたの発言はないため、エクスポートするものはありません。",
    en.EXPORTED: "保存されたあなたの発言すべて：{calls} 件の通話の {lines} 行（ほかのサーバーも含む）。",
    en.TOO_MUCH: "発言が多く、Discord のファイルに収まりません。この Spokenly の運営者に頼んでください。",
    en.FORGET: "すべてのサーバーのすべての通話から、保存されたあなたの発言と、その通話の要約を削除します："
    "{calls} 件の通話の {lines} 行。進行中の通話の字幕も取り消されます。元に戻すことは誰にもできません。チ"
    "ャンネルに投稿された字幕はメッセージなので、メッセージを管理できる人が削除できます。",
    en.FORGOTTEN: "削除しました：{calls} 件の通話の {lines} 行。あなたの発言はもう保存されておらず、進行"
    "中の通話からも今後保存されません。これからの通話には {optout} を使ってください。",
    en.TAKEN_BACK: "ここでは何も保存されません。進行中の通話でのあなたの発言は取り消されました。",
    en.STAYS: "終了した通話や、Spokenly の前回の起動より前のメッセージは残ります。メッセージを管理できる人が"
    "削除できます。",
    en.NOT_YOURS: "このボタンはほかの人のものです。",
    en.KEPT_SOUND: "**音声**は決して保存されません。{engine} が聞き取り、そのあと消えます。",
    en.KEPT_NEVER: "**発言**：この Spokenly はどの通話からも何も保存しません。",
    en.KEPT_CAPTIONS: "**発言**：字幕を開始する人が文字起こしを選ばない限り、このサーバーの通話は保存されま"
    "せん。",
    en.KEPT_TRANSCRIPT: "**発言**：字幕を開始する人が字幕のみを選ばない限り、このサーバーの通話は文字で保存"
    "されます。",
    en.KEPT_DAYS: "文字起こしは {days} 日後に削除されます。",
    en.KEPT_FOR_GOOD: "文字起こしは誰かが削除するまで残ります。",
    en.KEPT_NOW: "{channel} の通話は今保存されています。",
    en.KEPT_OF_YOU: "**あなたについて**（すべてのサーバー）：{calls} 件の通話の {lines} 行。",
    en.KEPT_NOTHING_OF_YOU: "**あなたについて**：発言は保存されていません。",
    en.KEPT_CHOICE: "このサーバーではあなたに字幕は付きません。この選択は、有効な間、Discord ID とともに保"
    "存されます。",
    en.KEPT_MESSAGES: "チャンネルに投稿された字幕はメッセージで、誰かが削除するまで残ります。",
    en.NO_CALL: "このサーバーでは字幕は動いていません。",
    en.PAUSED: "字幕を一時停止しました。再開するまで誰の声も聞き取りません。",
    en.RESUMED: "字幕を再開しました。",
    en.STOPPED: "{channel} の字幕を終了しました。",
    en.NOT_ALLOWED: "字幕を開始した人がいる間は、その人か、{channel} またはサーバーを管理できる人だけが操作"
    "できます。その人が退出した後は、{channel} にいる全員が操作できます。",
    en.QUIET: "まだ発言はありません。",
    en.CAUGHT_UP: "**直近 {minutes} 分間の会話**",
    en.BUG: "Spokenly で問題が起きました。運営者はログで確認できます。",
    en.AWAY: "今は記録にアクセスできません。1 分後にもう一度試してください。",
    en.POSTED: "投稿しました。",
    en.MAY_NOT_WRITE: "このチャンネルには書き込めません。",
    "Make a code that shows these captions elsewhere": "この字幕をほかの場所に表示するコードを作る",
    "Show the captions of a call of elsewhere here": "ほかの場所の通話の字幕をここに表示する",
    "The code of the call, from who shares it": "通話のコード(共有する人から受け取ったもの)",
    "Show the call of elsewhere here no more": "ほかの場所の通話をここに表示するのをやめる",
    "Stop sharing": "共有をやめる",
    en.SHARED: (
        "コードは **{code}** です。有効なのは {minutes} 分間です。入力した"
        "人は、Discord の {attach}、Slack の `/captions att"
        "ach`、ブラウザーで、この通話をライブで読めます。どこに表示されているかは通話の全員に"
        "知らされます。"
    ),
    en.READ_AT: "ブラウザー: {link}",
    en.ONLY_HERE: (
        "このリンクは、Spokenly が動いているコンピューターでしか開けません。運用している人が"
        "外部からの接続を許可し（方法は README にあります）、"
        "SPOKENLY_PUBLIC_URL を設定すると、ほかの人も開けます。"
    ),
    en.UNSHARED: "コードは無効になり、通話はもうほかの場所に表示されません。",
    en.PRIVATE: "この通話は非公開です。ほかの場所には表示できません。",
    en.NOT_SHARED: (
        "共有できるのは、字幕を開始し、その字幕の元になったすべてのチャンネルに入れる人か、{channel} または"
        "サーバーを管理できる人だけです。"
    ),
    en.ATTACHED: "「{title}」をここでライブで読めます。{detach} で終わります。",
    en.NOT_ATTACHED: "このチャンネルには、ほかの場所の通話は表示されていません。",
    en.NOT_DETACHED: "操作できるのは、通話をここに表示した人か、このチャンネルを管理できる人だけです。",
    en.DETACHED: "ここにはもう表示されません。",
}

say("ho")

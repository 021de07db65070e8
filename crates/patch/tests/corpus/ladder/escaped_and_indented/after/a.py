    say("ho")

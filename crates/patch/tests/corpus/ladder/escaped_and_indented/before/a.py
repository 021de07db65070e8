    say("hi")

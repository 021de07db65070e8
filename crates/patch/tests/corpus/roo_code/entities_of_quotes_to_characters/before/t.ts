m = &apos;It&apos;s &quot;x&quot;&apos;;

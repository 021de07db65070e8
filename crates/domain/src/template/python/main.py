from words import count_words

TEXT = """the quick brown fox jumps over the lazy dog
the dog sleeps"""

for word, count in count_words(TEXT)[:5]:
    print(f"{count:3}  {word}")

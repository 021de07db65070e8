from collections import Counter


def count_words(text):
    """Return (word, count) pairs, the most frequent first."""
    return Counter(text.lower().split()).most_common()

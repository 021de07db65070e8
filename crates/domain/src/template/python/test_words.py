import unittest

from words import count_words


class CountWords(unittest.TestCase):
    def test_counts_without_case(self):
        self.assertEqual(count_words("a A b"), [("a", 2), ("b", 1)])

    def test_an_empty_text_has_no_words(self):
        self.assertEqual(count_words(""), [])


if __name__ == "__main__":
    unittest.main()

import { countWords } from "./words.js";

const text = `the quick brown fox jumps over the lazy dog
the dog sleeps`;

for (const [word, count] of countWords(text).slice(0, 5)) {
  console.log(String(count).padStart(3), word);
}

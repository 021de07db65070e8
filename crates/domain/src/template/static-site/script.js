const output = document.getElementById("count");
let count = 0;

document.getElementById("more").addEventListener("click", () => {
  count += 1;
  output.textContent = String(count);
});

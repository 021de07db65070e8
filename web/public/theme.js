// Keep the key as in src/lib/theme.ts.
try {
  const chosen = localStorage.getItem("atelier.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage is switched off: the system's theme it is.
}

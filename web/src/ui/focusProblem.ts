/**
 * Goes to the first field of a form that is wrong, once it is shown: it may be
 * out of sight, and who works by keyboard goes on from there.
 */
export function focusProblem(form: HTMLFormElement): void {
  requestAnimationFrame(() => {
    form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  });
}

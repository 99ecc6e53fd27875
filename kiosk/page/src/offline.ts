/** Puts the service worker to work, which lets the pages start and sell while the kiosk is away. */

export function startServiceWorker(): void {
  if (!window.isSecureContext || !("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register("/sw.js").then(comeUnderIt, () => {
    // A browser that was only told to put up with the certificate refuses, as do some private windows. The page works
    // all the same, as long as the kiosk answers.
  });
}

/** A page that was still loading when the worker took over all that were open was not among them. */
async function comeUnderIt(): Promise<void> {
  const { active } = await navigator.serviceWorker.ready;
  if (navigator.serviceWorker.controller === null) active?.postMessage("claim");
}

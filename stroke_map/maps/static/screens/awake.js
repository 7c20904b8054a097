// A screen that shows what is coming does not go dark by itself, where the browser can hold it awake.

let wanted = false;

async function hold() {
  if (!wanted || document.hidden || !navigator.wakeLock) return;
  try {
    await navigator.wakeLock.request("screen"); // let go by itself when the page is hidden
  } catch {
    // a battery that is nearly empty: then the screen goes dark
  }
}

document.addEventListener("visibilitychange", hold);

export function stayAwake() {
  wanted = true;
  return hold();
}

export function mayDim() {
  wanted = false;
}

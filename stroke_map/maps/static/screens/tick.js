// Twice a second, for live.js: the timers of a page that nobody looks at may come once a minute, those of a worker come when they are due.

setInterval(() => postMessage(null), 500);

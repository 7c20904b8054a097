// Where am I: the browser's location, in WGS-84 also where an app's own browser gives Chinese map coordinates.
"use strict";

(function () {
  const IN_APP = /MicroMessenger|AlipayClient|DingTalk|QQ\/|Weibo|baiduboxapp|aweme/i;
  const AXIS_M = 6378245.0, FLATNESS = 0.00669342162296594323;

  /** How far GCJ-02 lies from WGS-84 here, in degrees: the public approximation, as in coordinates.py. */
  function shift(lat, lon) {
    const x = lon - 105, y = lat - 35, wave = (v, ...sizes) => sizes.reduce((sum, [size, part]) => sum + size * Math.sin(v * Math.PI * part), 0) * 2 / 3;
    const common = wave(x, [20, 6], [20, 2]);
    let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x));
    north += common + wave(y, [20, 1], [40, 1 / 3], [160, 1 / 12], [320, 1 / 30]);
    let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x));
    east += common + wave(x, [20, 1], [40, 1 / 3], [150, 1 / 12], [300, 1 / 30]);
    const s = Math.sin(lat * Math.PI / 180), bend = 1 - FLATNESS * s * s, root = Math.sqrt(bend);
    return [north * 180 / (AXIS_M * (1 - FLATNESS) / (bend * root) * Math.PI), east * 180 / (AXIS_M / root * Math.cos(lat * Math.PI / 180) * Math.PI)];
  }

  function toWgs84(lat, lon) {
    if (lat < 0.8293 || lat > 55.8271 || lon < 72.004 || lon > 137.8347) return [lat, lon]; // where the two are one
    let at = [lat, lon];
    for (let round = 0; round < 4; round++) {
      const [north, east] = shift(at[0], at[1]);
      at = [lat - north, lon - east];
    }
    return at;
  }

  /** Ask the browser; resolves to { lat, lon, accuracy }, rejects with the name of the text that says what is wrong. */
  function locate({ inAppCrs }) {
    if (!window.isSecureContext || !navigator.geolocation) return Promise.reject(window.isSecureContext ? "no_position" : "insecure");
    return new Promise((resolve, reject) => navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const shifted = inAppCrs === "GCJ-02" && IN_APP.test(navigator.userAgent);
        const [lat, lon] = shifted ? toWgs84(coords.latitude, coords.longitude) : [coords.latitude, coords.longitude];
        resolve({ lat, lon, accuracy: coords.accuracy });
      },
      (error) => reject(error.code === error.PERMISSION_DENIED ? "denied" : "no_position"),
      { enableHighAccuracy: true, timeout: 10000, maximumAge: 5000 }));
  }

  Object.assign(window.strokeMap, { locate, toWgs84 });
})();

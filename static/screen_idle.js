// A screen without a valid link: the event's title stands. Whoever moves the pointer reads what to do.

import { fit } from "./screen_fit.js";

const hall = document.querySelector(".hall");
let resting;

function rest() {
  document.documentElement.classList.remove("quiet");
  clearTimeout(resting);
  resting = setTimeout(() => document.documentElement.classList.add("quiet"), 8000);
}

fit(hall);
document.documentElement.classList.add("quiet");
addEventListener("resize", () => fit(hall));
addEventListener("pointermove", rest);
document.fonts.addEventListener("loadingdone", () => fit(hall));

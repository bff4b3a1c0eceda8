// Before the terminal of textual-serve starts: its address, and letters as large as the window allows.
"use strict";

const CELL_WIDTH = 0.6001; // of the font's size; its height, of a row, is 1.319
const ROW_HEIGHT = 1.319;

function chooseFontSize(width, height) {
  const fits = (columns, rows) => Math.min(width / columns / CELL_WIDTH, height / rows / ROW_HEIGHT);
  const large = fits(120, 40);
  // the console needs 80x24; a narrow window gets letters as large as that allows
  const size = large >= 12 ? Math.min(large, 20) : Math.min(fits(80, 24), 12);
  return Math.floor(size * 20) / 20;
}

const startTerminal = window.onload;

window.onload = async (event) => {
  const terminal = document.querySelector("#terminal");
  const socket = new URL("ws", window.location.href);
  socket.protocol = socket.protocol.replace("http", "ws");
  socket.search = "";
  socket.hash = "";
  terminal.dataset.sessionWebsocketUrl = socket.href;
  const wanted = Number(new URLSearchParams(window.location.search).get("fontsize"));
  const size = wanted >= 4 && wanted <= 64 ? wanted : chooseFontSize(window.innerWidth, window.innerHeight);
  terminal.dataset.fontSize = String(size);
  document.querySelector("#start").onclick = () => window.location.reload();
  // the terminal measures the font once
  await Promise.all(["16px", "bold 16px"].map((font) => document.fonts.load(`${font} "Roboto Mono"`)));
  startTerminal(event);
};

import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/shell.css";
import "./styles/rows.css";
import "./styles/detail.css";
import "./styles/views.css";
import "./styles/narrow.css";
import { render } from "preact";
import { Page } from "./page.tsx";

const root = document.getElementById("page");
if (root) render(<Page />, root);

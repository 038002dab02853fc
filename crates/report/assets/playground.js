// The models of the run at work: their weights are in the page. A script of no library.
(() => {
  "use strict";
  const source = document.getElementById("playground-data");
  if (!source) return;
  const data = JSON.parse(source.textContent);
  const place = document.getElementById("playground");
  const { height, width, classes } = data;
  const size = height * width;

  // Tensors are 16-bit integers times a scale.
  const numbers = ({ scale, values }) => {
    const bytes = Uint8Array.from(atob(values), (one) => one.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getInt16(2 * i, true) * scale);
  };
  const functions = {
    identity: (z) => z,
    logistic: (z) => 1 / (1 + Math.exp(-z)),
    tanh: Math.tanh,
    relu: (z) => Math.max(0, z),
    "leaky-relu": (z) => (z >= 0 ? z : z / 100),
    softplus: (z) => (z > 30 ? z : Math.log1p(Math.exp(z))),
    elu: (z) => (z >= 0 ? z : Math.expm1(z)),
    "truncated-exponential-mean": (z) => (Math.abs(z) < 1e-3 ? 0.5 + z / 12 : 1 / (1 - Math.exp(-z)) - 1 / z),
  };
  const load = (model) => {
    const read = (layer) => {
      const bias = numbers(layer.bias);
      const weights = layer.weights && numbers(layer.weights);
      return { ...layer, bias, weights, outputs: bias.length };
    };
    const encoder = model.encoder.map(read);
    const decoder = model.decoder.map(read);
    for (const layer of decoder) layer.tied = layer.weights ? undefined : encoder[layer.transposes].weights;
    const means = model.class_means && numbers(model.class_means);
    const plane = model.plane && {
      ...model.plane, mean: numbers(model.plane.mean), directions: numbers(model.plane.directions),
    };
    return { ...model, encoder, decoder, means, plane };
  };
  // The total inputs of a layer: x W + b.
  const inputs = (layer, x) => {
    const out = Float64Array.from(layer.bias);
    const n = layer.outputs;
    for (let i = 0; i < x.length; i++) {
      if (x[i] === 0) continue;
      if (layer.tied) for (let j = 0; j < n; j++) out[j] += x[i] * layer.tied[j * x.length + i];
      else for (let j = 0; j < n; j++) out[j] += x[i] * layer.weights[i * n + j];
    }
    return out;
  };
  const apply = (layer, x) => {
    const out = inputs(layer, x).map(functions[layer.function]);
    if (layer.keep) {
      const least = [...out].sort((a, b) => b - a)[layer.keep - 1];
      return out.map((value) => (value >= least ? value : 0));
    }
    return out;
  };
  const through = (layers, x) => layers.reduce((values, layer) => apply(layer, values), x);
  const models = data.models.map(load);
  const encode = (model, x) => through(model.encoder, x);
  const decode = (model, code) => through(model.decoder, code);
  // The class whose mean code is nearest.
  const classOf = (model, code) => {
    if (!model.means) return undefined;
    const distance = (c) => code.reduce((sum, value, j) => sum + (value - model.means[c * code.length + j]) ** 2, 0);
    return classes.map((_, c) => c).reduce((best, c) => (distance(c) < distance(best) ? c : best), 0);
  };
  const pca = data.pca && {
    mean: numbers(data.pca.mean), components: numbers(data.pca.components), n: data.pca.n,
  };
  const project = (x, n) => {
    const out = Float64Array.from(pca.mean);
    for (let k = 0; k < n; k++) {
      let code = 0;
      for (let i = 0; i < size; i++) code += (x[i] - pca.mean[i]) * pca.components[k * size + i];
      for (let i = 0; i < size; i++) out[i] += code * pca.components[k * size + i];
    }
    return out;
  };
  // Filters over the square of three pixels a side, truncated at the edges.
  const filter = (x, of) => Float64Array.from({ length: size }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    const near = [];
    for (let r = Math.max(0, row - 1); r <= Math.min(height - 1, row + 1); r++) {
      for (let c = Math.max(0, column - 1); c <= Math.min(width - 1, column + 1); c++) near.push(x[r * width + c]);
    }
    return of(near);
  });
  const median = (near) => near.sort((a, b) => a - b)[Math.floor(near.length / 2)];
  const mean = (near) => near.reduce((a, b) => a + b, 0) / near.length;

  // For tests: what the models make of pixels.
  window.aerbm = {
    models: models.map((model) => model.name),
    run: (name, pixels) => {
      const model = models.find((one) => one.name === name);
      const code = encode(model, pixels);
      return { code: [...code], reconstruction: [...decode(model, code)], class: classOf(model, code) };
    },
  };

  const make = (name, properties = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key in made) made[key] = value;
      else made.setAttribute(key, value);
    }
    made.append(...children);
    return made;
  };
  const picture = (label) => {
    const canvas = make("canvas", { width, height, className: "pixels" });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", label);
    return canvas;
  };
  const paint = (canvas, x) => {
    const context = canvas.getContext("2d");
    const image = context.createImageData(width, height);
    for (let i = 0; i < size; i++) {
      const level = 255 * Math.min(1, Math.max(0, x[i]));
      image.data.set([level, level, level, 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  };
  const card = (title, ...children) => make("div", { className: "try-card" }, make("b", { textContent: title }), ...children);
  const slider = (label, properties, onInput) => {
    const shown = make("output");
    const input = make("input", { type: "range", ...properties });
    const show = () => { shown.textContent = input.value; };
    input.addEventListener("input", () => { show(); onInput(Number(input.value)); });
    show();
    return [make("label", {}, `${label} `, input, " ", shown), input];
  };
  const button = (label, onClick) => {
    const made = make("button", { type: "button", textContent: label });
    made.addEventListener("click", onClick);
    return made;
  };

  // The drawing, with noise on top.
  let drawn = new Float64Array(size);
  let noise = 0;
  let field = Float64Array.from({ length: size }, Math.random);
  const noisy = () => drawn.map((value, i) => (field[i] < noise ? (field[i] < noise / 2 ? 0 : 1) : value));
  const pad = picture("{{script-pad}}");
  pad.classList.add("pad");
  const ink = (event) => {
    const box = pad.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.x) / box.width * width, (event.clientY - box.y) / box.height * height];
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const level = Math.min(1, Math.max(0, 2 - distance));
        const i = row * width + column;
        drawn[i] = Math.max(drawn[i], level);
      }
    }
    update();
  };
  pad.addEventListener("pointerdown", (event) => { pad.setPointerCapture(event.pointerId); ink(event); });
  pad.addEventListener("pointermove", (event) => { if (event.buttons) ink(event); });
  const bytes = (text) => Float64Array.from(atob(text), (one) => one.charCodeAt(0) / 255);
  const examples = data.examples.map(bytes);
  let next = 0;
  const example = () => { drawn = examples[next++ % examples.length].slice(); update(); };
  const [noiseLabel] = slider("{{script-noise}}", { min: 0, max: 0.6, step: 0.05, value: 0 }, (value) => {
    noise = value;
    field = Float64Array.from({ length: size }, Math.random);
    update();
  });

  // Every model's answer.
  const answers = models.map((model) => {
    const canvas = picture(`{{script-reconstruction-by|model=model.name}}`);
    const words = make("span", { className: "hint" });
    const codes = make("canvas", { width: 200, height: 40, className: "code" });
    codes.setAttribute("role", "img");
    return { model, canvas, words, codes, card: card(model.name, canvas, codes, words) };
  });
  const filters = [["{{script-median-filter}}", median], ["{{script-mean-filter}}", mean]].map(([name, of]) => {
    const canvas = picture(`{{script-filtered|filter=name}}`);
    return { of, canvas, card: card(name, canvas, make("span", { className: "hint", textContent: "{{script-square}}" })) };
  });
  const drawCode = (canvas, code) => {
    const context = canvas.getContext("2d");
    const most = Math.max(1e-9, ...code.map(Math.abs));
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
    const step = canvas.width / code.length;
    code.forEach((value, j) => {
      const tall = Math.abs(value) / most * canvas.height / (code.some((one) => one < 0) ? 2 : 1);
      const base = code.some((one) => one < 0) ? canvas.height / 2 : canvas.height;
      context.fillRect(j * step, value < 0 ? base : base - tall, Math.max(step, 0.6), tall);
    });
    const active = code.filter((value) => Math.abs(value) > 0.1 * most).length;
    canvas.setAttribute("aria-label", `{{script-code|units=code.length|active=active}}`);
  };
  let components = pca ? Math.min(20, pca.n) : 0;
  const pcaCanvas = pca && picture("{{script-pca}}");
  const [pcaLabel] = pca
    ? slider("{{script-components}}", { min: 0, max: pca.n, step: 1, value: components }, (value) => { components = value; update(); })
    : [];

  // A Gibbs chain.
  const rbms = models.filter((model) => model.gibbs);
  let chain = new Float64Array(size);
  let steps = 0;
  let timer;
  const chainCanvas = picture("{{script-chain-state}}");
  const chainWords = make("p", { className: "hint", role: "status" });
  const choice = (label, options) => {
    const select = make("select", {}, ...options.map(([value, words]) => make("option", { value, textContent: words })));
    return [make("label", {}, `${label} `, select), select];
  };
  const [rbmLabel, rbm] = choice("{{script-model}}", rbms.map((model) => [model.name, model.name]));
  const [clampLabel, clamp] = choice("{{script-clamped}}", [["none", "{{script-nothing}}"], ["upper", "{{script-upper}}"], ["left", "{{script-left}}"]]);
  const [temperatureLabel, temperature] = slider("{{script-temperature}}", { min: 0.2, max: 3, step: 0.1, value: 1 }, () => {});
  const clamped = (i) => (clamp.value === "upper" && i < size / 2) || (clamp.value === "left" && i % width < width / 2);
  const binary = (p) => (Math.random() < p ? 1 : 0);
  const step = () => {
    const model = rbms.find((one) => one.name === rbm.value);
    const t = Number(temperature.value);
    const on = (layer, x) => inputs(layer, x).map((z) => 1 / (1 + Math.exp(-z / t)));
    const hidden = on(model.encoder[0], chain).map(binary);
    const means = on(model.decoder[0], hidden);
    const start = noisy();
    chain = means.map((p, i) => (clamped(i) ? binary(start[i]) : binary(p)));
    steps += 1;
    paint(chainCanvas, means.map((p, i) => (clamped(i) ? start[i] : p)));
    chainWords.textContent = `{{script-steps|steps=steps|plural=steps === 1 ? "" : "s"}}`;
  };
  const restart = () => {
    chain = noisy().map(binary);
    steps = 0;
    paint(chainCanvas, chain);
    chainWords.textContent = "{{script-chain-starts}}";
  };
  const run = button("{{script-run}}", () => {
    if (timer) { clearInterval(timer); timer = undefined; run.textContent = "{{script-run}}"; }
    else { timer = setInterval(step, 80); run.textContent = "{{script-stop}}"; }
  });

  // A point in the plane of the code.
  const planes = models.filter((model) => model.plane);
  const [planeLabel, planeModel] = choice("{{script-model}}", planes.map((model) => [model.name, model.name]));
  const map = make("canvas", { width: 260, height: 260, className: "map", tabIndex: 0 });
  map.setAttribute("role", "application");
  map.setAttribute("aria-label", "{{script-map}}");
  const decoded = picture("{{script-decoded-point}}");
  const planeWords = make("p", { className: "hint" });
  let point = [0, 0];
  const colors = ["#0072b2", "#e69f00", "#777777", "#56b4e9", "#d0426b", "#009e73", "#cc79a7", "#a86a2a", "#8a6fd0", "#a0a0a0"];
  const drawMap = () => {
    const model = planes.find((one) => one.name === planeModel.value);
    if (!model) return;
    const { plane } = model;
    const context = map.getContext("2d");
    const at = ([x, y]) => [
      (x - plane.low[0]) / (plane.high[0] - plane.low[0]) * map.width,
      (1 - (y - plane.low[1]) / (plane.high[1] - plane.low[1])) * map.height,
    ];
    context.clearRect(0, 0, map.width, map.height);
    context.font = "11px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const [x, y, label] of plane.points) {
      context.fillStyle = colors[label % colors.length];
      context.fillText(classes[label] ?? "·", ...at([x, y]));
    }
    const [x, y] = at(point);
    const style = getComputedStyle(document.documentElement);
    context.strokeStyle = style.getPropertyValue("--ink");
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, y, 7, 0, 2 * Math.PI);
    context.stroke();
    const n = plane.mean.length;
    const code = plane.mean.map((value, j) => value + point[0] * plane.directions[j] + point[1] * plane.directions[n + j]);
    paint(decoded, decode(model, code));
    planeWords.textContent = `{{script-point|x=point[0].toFixed(2)|y=point[1].toFixed(2)|words=plane.words}}`;
  };
  const move = (event) => {
    const { plane } = planes.find((one) => one.name === planeModel.value);
    const box = map.getBoundingClientRect();
    const share = [(event.clientX - box.x) / box.width, 1 - (event.clientY - box.y) / box.height];
    point = share.map((one, k) => plane.low[k] + Math.min(1, Math.max(0, one)) * (plane.high[k] - plane.low[k]));
    drawMap();
  };
  map.addEventListener("pointerdown", (event) => { map.setPointerCapture(event.pointerId); move(event); });
  map.addEventListener("pointermove", (event) => { if (event.buttons) move(event); });
  map.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const { plane } = planes.find((one) => one.name === planeModel.value);
    point = point.map((one, k) => one + by[k] * (plane.high[k] - plane.low[k]) / 40);
    drawMap();
  });
  planeModel.addEventListener("change", () => { point = [0, 0]; drawMap(); });

  const update = () => {
    const x = noisy();
    paint(pad, x);
    for (const { model, canvas, words, codes } of answers) {
      const code = encode(model, x);
      const reconstruction = decode(model, code);
      paint(canvas, reconstruction);
      drawCode(codes, [...code]);
      const found = x.some((value) => value > 0) ? classOf(model, code) : undefined;
      const error = reconstruction.reduce((sum, value, i) => sum + (value - drawn[i]) ** 2, 0);
      const label = found === undefined ? "" : `{{script-class|class=classes[found]}}`;
      words.textContent = `{{script-error|class=label|error=error.toFixed(1)}}`;
    }
    for (const { of, canvas } of filters) paint(canvas, filter(x, of));
    if (pca) paint(pcaCanvas, project(x, components));
    if (rbms.length > 0 && !timer) restart();
  };

  const row = (...children) => make("div", { className: "try-row" }, ...children);
  const clear = button("{{script-clear}}", () => { drawn = new Float64Array(size); update(); });
  place.append(
    row(
      card("{{script-draw}}", pad, row(button("{{script-next}}", example), clear), noiseLabel),
      ...answers.map((answer) => answer.card),
      ...filters.map((one) => one.card),
      ...(pca ? [card("PCA", pcaCanvas, pcaLabel)] : []),
    ),
  );
  const below = row();
  if (rbms.length > 0) {
    below.append(card("{{script-chain}}", chainCanvas, row(button("{{script-step}}", step), run, button("{{script-restart}}", restart)),
      rbmLabel, temperatureLabel, clampLabel, chainWords));
  }
  if (planes.length > 0) {
    below.append(card("{{script-plane}}", map, planeLabel, planeWords), card("{{script-decoded}}", decoded));
    drawMap();
  }
  place.append(below);
  place.hidden = false;
  example();
})();

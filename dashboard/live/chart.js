// One Plotly figure, defined in Python; here its traces are filled and its marks are moved, once a second.

const CONFIG = { displayModeBar: false, displaylogo: false, scrollZoom: false, doubleClick: false, showTips: false }
const CAUSE_BYTES = 32 * KIB ** 2 // a rise of memory worth a word in the chart
const LABEL_PIXELS = 11
const HEADROOM = 1.12
const LABEL_HEADROOM = 1.2 // over a threshold that lies above all lines, for its label
const TICK_SECONDS = [15, 30, 60, 120, 300]
const THRESHOLD_SHARE = 0.6 // from this share of a threshold on, a chart shows it

// Loaded once per page, however often a component is mounted.
function loadPlotly(url) {
  globalThis.subpulsePlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = url
    script.onload = () => resolve(globalThis.Plotly)
    script.onerror = () => {
      globalThis.subpulsePlotly = undefined
      script.remove()
      reject(new Error("plotly.min.js did not load"))
    }
    document.head.append(script)
  })
  return globalThis.subpulsePlotly
}

// A copy of the figure in which `var(--name)` and `var(--name/14)` are the theme's colours.
function coloured(value, style) {
  if (typeof value === "string") {
    return value.replace(/^var\((--[\w-]+)(?:\/(\d+))?\)$/, (_, name, opacity) =>
      withOpacity(style.getPropertyValue(name).trim(), opacity))
  }
  if (Array.isArray(value)) return value.map((item) => coloured(item, style))
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item, style)]))
}

function withOpacity(color, opacity) {
  const hex = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(color)
  if (!opacity || !hex) return color
  return `rgba(${hex.slice(1).map((part) => parseInt(part, 16)).join(",")},${opacity / 100})`
}

const CAN_BRUSH = matchMedia("(pointer: fine)").matches // a finger on the chart scrolls the page

class Chart {
  constructor(node, plotly, onRange) {
    this.node = node
    this.plotly = plotly
    this.onRange = onRange
    this.revision = 0
    this.hold = () => (this.held = true) // a frame would end what is being drawn
    this.letGo = () => (this.held = false)
    node.addEventListener("pointerdown", this.hold)
    for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, this.letGo)
  }

  setFigure(figure, style) {
    this.figure = coloured(figure, style)
    this.figure.layout.dragmode = CAN_BRUSH && "select"
  }

  // A range was drawn on a panel, which its axis names.
  brushed(range) {
    const panel = Object.keys(range).find((axis) => axis.startsWith("y"))
    const [from, to] = range.x.map(epochSeconds).sort((a, b) => a - b)
    this.onRange({ panel, from, to })
  }

  draw(kept) {
    if (this.held) return
    const { data, layout } = this.figure
    const end = kept.at.at(-1)
    const start = end - shownSeconds(kept)
    const shown = [...kept.runs.values()].filter((run) => (run.finished ?? end) > start)
    const runs = shown.sort((a, b) => a.started - b.started)
    for (const trace of data) {
      if (trace.meta.series) fillSeries(trace, kept)
      else if (trace.meta.runs === "bars") fillBars(trace, runs, start, end)
      else fillRunning(trace, runs, kept)
    }
    layout.width = this.node.clientWidth
    layout.datarevision = this.revision += 1
    layout.xaxis.range = [localTime(start), localTime(end)]
    layout.xaxis.dtick = tickMilliseconds(end - start, layout.width < 600 ? 4 : 8)
    layout.xaxis.tickformat = layout.xaxis.dtick < 60000 ? "%H:%M:%S" : "%H:%M"
    setLanes(layout.yaxis4, runs)
    setBands(named(layout.shapes, "band"), runs, start, end)
    setThresholds(layout, kept.now)
    setRanges(data, layout)
    setEdgeLabels(layout, kept)
    setCause(named(layout.annotations, "cause")[0], runs, kept)
    const listens = Boolean(this.node.on)
    this.plotly.react(this.node, data, layout, CONFIG)
    if (!listens) this.node.on("plotly_selected", (drawn) => drawn?.range && this.brushed(drawn.range))
  }

  purge() {
    for (const end of ["pointerup", "pointercancel"]) window.removeEventListener(end, this.letGo)
    this.plotly.purge(this.node)
  }
}

// The shortest round step that makes at most so many ticks.
function tickMilliseconds(seconds, most) {
  return 1000 * (TICK_SECONDS.find((step) => seconds / step <= most) ?? TICK_SECONDS.at(-1))
}

function named(items, name) {
  return items.filter((item) => item.name === name)
}

function fillSeries(trace, kept) {
  const { series, scale = 1, skip_zero: skipZero } = trace.meta
  const values = kept.series[series] ?? []
  if (!skipZero) {
    trace.x = kept.local
    trace.y = scale === 1 ? values : values.map((value) => (value === null ? null : value * scale))
    return
  }
  const shown = [...values.keys()].filter((index) => values[index])
  trace.x = shown.map((index) => kept.local[index])
  trace.y = shown.map((index) => values[index] * scale)
}

function fillBars(trace, runs, start, end) {
  const began = runs.map((run) => Math.max(run.started, start))
  trace.base = began.map(localTime)
  trace.x = runs.map((run, index) => Math.max((run.finished ?? end) - began[index], 0.001) * 1000)
  trace.y = runs.map((run) => run.job)
  trace.text = runs.map((run) => (run.outcome === "failed" || run.outcome === "lost" ? run.outcome : ""))
  const colors = runs.map((run) => trace.meta.colors[run.outcome] ?? trace.meta.colors.lost)
  trace.marker = { color: colors, line: { color: colors, width: 1 } }
}

// At each moment, what ran then: one line of the hover, whichever chart the pointer is over.
function fillRunning(trace, runs, kept) {
  const texts = kept.at.map(() => [])
  for (const run of runs) {
    const words = described(run)
    const last = run.finished ?? Infinity
    for (let i = firstAtOrAfter(kept.at, run.started); i < kept.at.length; i += 1) {
      texts[i].push(words)
      if (kept.at[i] >= last) break
    }
  }
  trace.x = kept.local
  trace.y = texts.map((lines) => (lines.length ? runs[0].job : null))
  trace.text = texts.map((lines) => lines.join("<br>"))
}

function firstAtOrAfter(ats, at) {
  let low = 0
  let high = ats.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (ats[middle] < at) low = middle + 1
    else high = middle
  }
  return low
}

// Plotly reads a few tags in its texts, so a name from the wire loses what could begin one.
function plain(text) {
  return String(text).replace(/[<>&]/g, " ")
}

function described(run) {
  const words = [`${plain(run.job)} ${plain(run.outcome)}`]
  if (run.finished !== null) words.push(duration(run.finished - run.started))
  if (run.items !== null) words.push(`${number(run.items)} items`)
  if (run.rise !== null) words.push(`memory +${size(Math.max(run.rise, 0))}`)
  return words.join(", ")
}

function setLanes(axis, runs) {
  const lanes = new Set(axis.categoryarray)
  for (const run of runs) lanes.add(run.job)
  axis.categoryarray = [...lanes]
  axis.range = [Math.max(lanes.size, 1) - 0.5, -0.5]
}

function setBands(bands, runs, start, end) {
  const inPath = (at) => localTime(at).replace("T", "_") // a T would be a command of the path
  const sides = runs.map((run) => [inPath(Math.max(run.started, start)), inPath(run.finished ?? end)])
  const path = sides.map(([from, to]) => `M${from},0L${from},1L${to},1L${to},0Z`).join("")
  for (const band of bands) {
    band.visible = path !== ""
    if (path) band.path = path
  }
}

function setThresholds(layout, now) {
  const [objective] = named(layout.shapes, "objective")
  const [alert] = named(layout.shapes, "memory_alert")
  if (now.objective_ms) moveThreshold(objective, now.objective_ms, `objective ${number(now.objective_ms)} ms`)
  if (now.memory_alert) {
    const share = now.memory_limit ? Math.round((100 * now.memory_alert) / now.memory_limit) : 80
    moveThreshold(alert, now.memory_alert / KIB ** 2, `alert at ${share} %`)
    named(layout.annotations, "memory_note")[0].text =
      `MiB resident · alert at ${share} % of ${number(now.memory_limit / KIB ** 2)}`
  }
  if (now.objective_ms) named(layout.annotations, "latency_note")[0].text = `ms · objective p95 ${number(now.objective_ms)}`
}

function moveThreshold(shape, at, text) {
  shape.visible = true
  shape.y0 = shape.y1 = at
  shape.label.text = text
}

// Each axis fits its lines from zero; a threshold far above them must not press them flat.
function setRanges(data, layout) {
  const highest = {}
  for (const { meta, yaxis, y } of data) {
    if (!meta.series) continue
    for (const value of y) if (value > (highest[yaxis] ?? 0)) highest[yaxis] = value
  }
  for (const { visible, type, yref, y0 } of layout.shapes) {
    if (!visible || type !== "line" || !(highest[yref] > y0 * THRESHOLD_SHARE)) continue
    highest[yref] = Math.max(highest[yref], (y0 * LABEL_HEADROOM) / HEADROOM)
  }
  for (const axis of ["y", "y2", "y3"]) layout[axis.replace("y", "yaxis")].range = [0, (highest[axis] || 1) * HEADROOM]
}

// Names at the right end of their lines, pushed apart where they would cover each other.
function setEdgeLabels(layout, kept) {
  const labels = layout.annotations.filter(({ name }) => /^p\d+$/.test(name ?? ""))
  const [bottom, top] = layout.yaxis.domain
  const pixels = ((layout.height - layout.margin.t - layout.margin.b) * (top - bottom)) / layout.yaxis.range[1]
  let covered = -Infinity
  const ends = labels.map((label) => [label, (kept.series[label.name] ?? []).findLast((value) => value !== null)])
  for (const [label, value] of ends.sort((a, b) => a[1] - b[1])) {
    label.visible = value !== undefined
    if (!label.visible) continue
    label.y = value
    const wanted = value * pixels
    covered = Math.max(wanted, covered + LABEL_PIXELS)
    label.yshift = covered - wanted
  }
}

function setCause(label, runs, kept) {
  const cause = runs.reduce((most, run) => ((run.rise ?? 0) > (most?.rise ?? CAUSE_BYTES) ? run : most), null)
  label.visible = cause !== null
  if (!cause) return
  const end = kept.at.at(-1)
  const to = cause.finished ?? end
  const share = 1 - (end - to) / shownSeconds(kept)
  const before = kept.series.rss?.[firstAtOrAfter(kept.at, cause.started)]
  label.visible = Boolean(before)
  label.x = localTime(to)
  label.y = (before ?? 0) / KIB ** 2
  label.xanchor = share > 0.5 ? "right" : "left"
  label.text = `${plain(cause.job)} +${size(cause.rise)}`
}

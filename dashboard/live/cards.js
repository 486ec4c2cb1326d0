// Verdicts, alerts and tiles: small text nodes and one SVG path each.

const SPARK_SECONDS = 5 // readings of so long share one point of a sparkline; the highest is shown
const ICONS = {
  good: "M3.5 8.5l3 3 6-7",
  warning: "M8 2.5L14.2 13.5H1.8zM8 6.5v3.2M8 11.6v.2",
  bad: "M8 2a6 6 0 100 12A6 6 0 008 2zM8 5v3.6M8 10.8v.2",
  unknown: "M8 2a6 6 0 100 12A6 6 0 008 2zM6.3 6.4a1.8 1.8 0 113 1.3c-.8.6-1.3.9-1.3 1.8M8 11.4v.2",
}
const STATES = Object.keys(ICONS)

function icon(parent) {
  const drawing = svg(parent, "svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" })
  return svg(drawing, "path", { d: "" })
}

class Verdicts {
  constructor(node, names, onPage) {
    this.cards = new Map(names.map((name) => [name, this.card(node, name, onPage)]))
  }

  card(node, name, onPage) {
    const link = element(node, "a", "card verdict")
    element(link, "span", "name", name)
    const line = element(link, "span", "word")
    const card = { link, path: icon(line), word: element(line, "span", "", "…") }
    card.detail = element(link, "span", "detail", "\u00a0")
    leadTo(link, () => card.page, onPage)
    return card
  }

  draw(verdicts) {
    for (const verdict of verdicts) {
      const card = this.cards.get(verdict.name)
      if (!card) continue
      const state = STATES.includes(verdict.state) ? verdict.state : "unknown"
      card.page = verdict.page
      setAttribute(card.link, "href", encodeURI(`./${verdict.page ?? ""}`))
      setAttribute(card.link, "data-verdict", state)
      setAttribute(card.path, "d", ICONS[state])
      setText(card.word, verdict.word ?? "")
      setText(card.detail, verdict.detail ?? "")
      setAttribute(card.link, "title", verdict.detail ?? "")
    }
  }
}

// A click opens the page within this tab, unless another tab or window is asked for.
function leadTo(link, page, onPage) {
  link.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    if (page()) onPage(page())
  }
}

function drawAlerts(node, alerts, at, onPage) {
  while (node.children.length > alerts.length) node.lastChild.remove()
  alerts.forEach((alert, index) => {
    const row = node.children[index] ?? alertRow(node)
    const message = row.children[1]
    setText(message, alert.message)
    setAttribute(message, "href", encodeURI(`./${alert.page ?? ""}`))
    leadTo(message, () => alert.page, onPage)
    setText(row.children[2], `firing for ${duration(Math.max(at - alert.since, 0))}`)
    setAttribute(row, "title", `${alert.rule}, since ${new Date(alert.since * 1000).toLocaleString()}`)
  })
}

function alertRow(node) {
  const row = element(node, "div", "alert")
  row.setAttribute("role", "alert")
  icon(row).setAttribute("d", ICONS.bad)
  element(row, "a", "message")
  element(row, "span", "since")
  return row
}

class Tile {
  constructor(node, spec) {
    this.spec = spec
    this.card = element(node, "div", "card tile")
    this.card.dataset.series = spec.series
    element(this.card, "span", "name", spec.title)
    const line = element(this.card, "span", "reading")
    this.value = element(line, "span", "value", "—")
    this.unit = element(line, "span", "unit", spec.unit ?? "")
    const options = { viewBox: "0 0 100 24", preserveAspectRatio: "none", class: "spark", "aria-hidden": "true" }
    this.path = svg(svg(this.card, "svg", options), "path", { d: "" })
  }

  draw(kept) {
    const values = kept.series[this.spec.series] ?? []
    const current = this.spec.of ? this.share(kept, values) : values.at(-1) ?? null
    const shown = current === null ? null : current / (this.spec.per ?? 1)
    setText(this.value, number(shown, shown < 10 ? this.spec.digits_below_10 ?? this.spec.digits : this.spec.digits))
    if (this.spec.rate) setText(this.unit, gained(kept.at, values))
    setAttribute(this.card, "data-verdict", this.state(kept.now, current))
    setAttribute(this.path, "d", sparkline(kept, values))
  }

  // What share of another series this one is, in percent, over the last seconds.
  share(kept, values) {
    const from = kept.at.at(-1) - this.spec.seconds
    let part = 0
    let whole = 0
    for (let i = kept.at.length - 1; i >= 0 && kept.at[i] > from; i -= 1) {
      part += values[i] ?? 0
      whole += kept.series[this.spec.of]?.[i] ?? 0
    }
    return whole ? Math.min(100, (100 * part) / whole) : null
  }

  state(now, current) {
    const { limit, verdict } = this.spec
    if (limit) return now[limit] && current > now[limit] ? "bad" : "good"
    const judged = verdict && (now.verdicts ?? []).find(({ name }) => name === verdict)
    return judged ? judged.state : "good"
  }
}

// How much a count rose over the window, which is shorter than 15 minutes after a first start.
function gained(ats, values) {
  const first = values.findIndex((value) => value !== null)
  const last = values.findLastIndex((value) => value !== null)
  if (first === last) return ""
  const gain = values[last] - values[first]
  const minutes = Math.max(1, Math.round((ats[last] - ats[first]) / 60))
  return `${gain < 0 ? "−" : "+"}${number(Math.abs(gain))} in ${minutes} min`
}

// A line in a box of 100 by 24 over the whole window; nulls are gaps, rates and sizes start at zero.
function sparkline(kept, values) {
  const end = kept.at.at(-1)
  const span = shownSeconds(kept)
  const points = []
  let slot = null
  values.forEach((value, index) => {
    const at = kept.at[index]
    if (Math.floor(at / SPARK_SECONDS) !== slot) points.push([100 * (1 - (end - at) / span), value])
    else if (value !== null && !(value <= points.at(-1)[1])) points.at(-1)[1] = value
    slot = Math.floor(at / SPARK_SECONDS)
  })
  const readings = points.map(([, value]) => value).filter((value) => value !== null)
  if (!readings.length) return ""
  const highest = Math.max(...readings)
  const lowest = Math.min(...readings)
  const base = lowest > highest * 0.5 ? lowest - (highest - lowest) * 0.1 : 0
  const height = highest - base || 1
  let path = ""
  let drawing = false
  for (const [x, value] of points) {
    if (value !== null) path += `${drawing ? "L" : "M"}${x.toFixed(1)},${(22.5 - (21 * (value - base)) / height).toFixed(1)}`
    drawing = value !== null
  }
  return path
}

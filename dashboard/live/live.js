// Puts the parts together; runs again on every rerun and theme change, and must then change nothing twice.

const mounted = new WeakMap()
const STATE_WORDS = { live: "Live", stale: "Stale", waiting: "Waiting for the first frame", reconnecting: "Reconnecting" }

class Live {
  constructor(root, data) {
    this.root = root
    this.kept = emptyWindow()
    this.dirty = false
    this.verdicts = new Verdicts(root.querySelector(".verdicts"), data.verdicts, (page) => this.onPage(page))
    this.tiles = [
      ...data.tiles.map((spec) => new Tile(root.querySelector(".tiles"), spec)),
      ...data.collected.map((spec) => new Tile(root.querySelector(".collected"), spec)),
    ]
    this.zone = Intl.DateTimeFormat().resolvedOptions().timeZone
    const url = new URL(data.feed, document.baseURI)
    url.protocol = url.protocol.replace("http", "ws")
    this.feed = new Feed(url.href, this.kept, () => this.changed())
    this.clock = setInterval(() => this.drawState(), 1000)
    this.onVisible = () => this.changed()
    document.addEventListener("visibilitychange", this.onVisible)
    this.resizes = new ResizeObserver(() => this.changed())
    this.resizes.observe(root.querySelector(".chart"))
    this.inSight = new IntersectionObserver(([{ isIntersecting }]) => {
      this.chartSeen = isIntersecting
      this.changed()
    })
    this.inSight.observe(root.querySelector(".chart"))
    this.loadChart(new URL(data.plotly, document.baseURI).href)
  }

  // What a rerun may have changed.
  update(data, setTriggerValue) {
    this.onPage = (page) => setTriggerValue("page", page)
    this.onRange = (range) => setTriggerValue("range", range)
    this.figure = data.figure
    this.recolour()
    this.changed()
  }

  recolour() {
    this.chart?.setFigure(this.figure, getComputedStyle(this.root))
  }

  async loadChart(url) {
    const note = this.root.querySelector(".chart-note")
    note.textContent = "Waiting for the first frame"
    try {
      const plotly = await loadPlotly(url)
      if (this.stopped) return
      this.chart = new Chart(this.root.querySelector(".chart"), plotly, (range) => this.onRange(range))
      this.recolour()
      this.changed()
    } catch {
      note.textContent = "The charts could not be loaded; trying again. The numbers above stay live."
      if (!this.stopped) this.loading = setTimeout(() => this.loadChart(url), 10000)
    }
  }

  changed() {
    this.dirty = true
    if (document.hidden || this.frame) return
    this.frame = requestAnimationFrame(() => {
      this.frame = null
      if (this.dirty && !this.stopped) this.draw()
    })
  }

  draw() {
    this.dirty = false
    this.drawState()
    if (!this.kept.at.length) return
    const { now } = this.kept
    const span = `Last ${Math.ceil(shownSeconds(this.kept) / 60)} min · ${this.zone}`
    setText(this.root.querySelector(".span"), span + (CAN_BRUSH ? " · drag across a chart to look closer" : ""))
    this.verdicts.draw(now.verdicts ?? [])
    drawAlerts(this.root.querySelector(".alerts"), now.alerts ?? [], this.kept.at.at(-1), (page) => this.onPage(page))
    for (const tile of this.tiles) tile.draw(this.kept)
    const said = (now.verdicts ?? []).map(({ name, word }) => `${name}: ${word}`).join(", ")
    setText(this.root.querySelector(".summary"), said)
    if (!this.chart || !this.chartSeen) return
    this.root.querySelector(".chart-note").hidden = true
    this.chart.draw(this.kept)
  }

  drawState() {
    const state = this.feed.state()
    const age = this.feed.age()
    setAttribute(this.root, "data-state", state)
    setAttribute(this.root, "data-frames", String(this.feed.frames))
    const late = state === "stale" || state === "reconnecting"
    const since = late && age !== null ? `, ${duration(Math.round(age) || 1)}` : ""
    setText(this.root.querySelector(".feed-text"), STATE_WORDS[state] + since)
  }

  stop() {
    this.stopped = true
    clearInterval(this.clock)
    clearTimeout(this.loading)
    cancelAnimationFrame(this.frame)
    document.removeEventListener("visibilitychange", this.onVisible)
    this.resizes.disconnect()
    this.inSight.disconnect()
    this.feed.close()
    this.chart?.purge()
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let live = mounted.get(parentElement)
  if (!live) {
    live = new Live(parentElement.querySelector(".live"), data)
    mounted.set(parentElement, live)
  }
  live.update(data, setTriggerValue)
  return () => {
    live.stop()
    mounted.delete(parentElement)
  }
}

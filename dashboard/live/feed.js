// The last fifteen minutes as columns, and the one WebSocket that brings them.

const WINDOW_SECONDS = 900
const SHORTEST_SECONDS = 120
const GAP_SECONDS = 30 // readings further apart than this are not joined by a line
const STALE_SECONDS = 3
const SILENCE_SECONDS = 15 // an open socket that says nothing for so long is dead
const RETRY_SECONDS = [0.5, 1, 2, 4, 8, 10]

function emptyWindow() {
  return { id: null, at: [], local: [], series: {}, runs: new Map(), now: {} }
}

function epochOf(id) {
  return (id ?? "").split("-")[0]
}

// Takes a frame, or the history in columns; the number of new moments.
function take(kept, message) {
  const whole = Array.isArray(message.at)
  if (whole && epochOf(message.id) !== epochOf(kept.id)) Object.assign(kept, emptyWindow())
  const ats = whole ? message.at : [message.at]
  const before = kept.at.at(-1) ?? -Infinity
  let taken = 0
  ats.forEach((at, index) => {
    const last = kept.at.at(-1) ?? -Infinity
    if (at <= before || at <= last) return
    if (at - last > GAP_SECONDS && last > 0) append(kept, (last + at) / 2, () => null)
    append(kept, at, (name) => (whole ? message.series[name]?.[index] : message.series[name]) ?? null, message.series)
    taken += 1
  })
  for (const run of message.runs) kept.runs.set(run.id, run)
  if (Object.keys(message.now).length) kept.now = message.now
  kept.id = message.id
  forget(kept)
  return taken
}

function append(kept, at, reading, series = {}) {
  for (const name of Object.keys(series)) kept.series[name] ??= new Array(kept.at.length).fill(null)
  for (const [name, values] of Object.entries(kept.series)) values.push(reading(name))
  kept.at.push(at)
  kept.local.push(localTime(at))
}

function forget(kept) {
  const from = kept.at.at(-1) - WINDOW_SECONDS
  let old = 0
  while (kept.at[old] < from) old += 1
  if (old) for (const values of [kept.at, kept.local, ...Object.values(kept.series)]) values.splice(0, old)
  for (const [id, run] of kept.runs) if (run.finished !== null && run.finished < from) kept.runs.delete(id)
}

// The time shown, in seconds: all that is kept, so that a first start is not a sliver at the right edge.
function shownSeconds(kept) {
  const age = kept.at.length ? kept.at.at(-1) - kept.at[0] : 0
  return Math.min(Math.max(age, SHORTEST_SECONDS), WINDOW_SECONDS)
}

class Feed {
  constructor(url, kept, onMessage) {
    this.url = url
    this.kept = kept
    this.onMessage = onMessage
    this.frames = 0
    this.tries = 0
    this.heardAt = null
    this.open()
  }

  open() {
    const after = this.kept.id ? `?after=${encodeURIComponent(this.kept.id)}` : ""
    this.openedAt = performance.now()
    this.socket = new WebSocket(this.url + after)
    this.socket.onmessage = ({ data }) => this.heard(JSON.parse(data))
    this.socket.onclose = () => this.retry()
  }

  heard(message) {
    this.tries = 0
    this.frames += take(this.kept, message)
    this.heardAt = performance.now()
    this.onMessage()
  }

  retry() {
    const seconds = RETRY_SECONDS[Math.min(this.tries, RETRY_SECONDS.length - 1)]
    this.tries += 1
    this.timer = setTimeout(() => this.open(), seconds * (750 + Math.random() * 500))
  }

  // Seconds since the last message; null before the first.
  age() {
    return this.heardAt === null ? null : (performance.now() - this.heardAt) / 1000
  }

  state() {
    const connected = this.socket.readyState === WebSocket.OPEN
    if (connected && (performance.now() - Math.max(this.heardAt ?? 0, this.openedAt)) / 1000 > SILENCE_SECONDS) {
      this.socket.close()
    }
    if (!this.kept.at.length) return this.tries > 1 ? "reconnecting" : "waiting"
    if (!connected && this.age() > 1) return "reconnecting"
    return this.age() > STALE_SECONDS ? "stale" : "live"
  }

  close() {
    clearTimeout(this.timer)
    this.socket.onclose = this.socket.onmessage = null
    this.socket.close()
  }
}

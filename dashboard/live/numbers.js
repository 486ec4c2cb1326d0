// Numbers, times and elements. Text from the wire becomes a text node, never markup.

const KIB = 1024
const SIZES = [["TiB", KIB ** 4], ["GiB", KIB ** 3], ["MiB", KIB ** 2], ["KiB", KIB]]
const PERIODS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]]
const formats = new Map()

function number(value, digits = 0) {
  if (value === null || value === undefined) return "—"
  if (!formats.has(digits)) {
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
    formats.set(digits, new Intl.NumberFormat("en-US", options))
  }
  return formats.get(digits).format(value)
}

function duration(seconds) {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`
  if (seconds < 10) return `${Number.isInteger(seconds) ? seconds : seconds.toFixed(1)} s`
  let left = Math.round(seconds)
  const words = []
  for (const [unit, length] of PERIODS) {
    const count = Math.floor(left / length)
    left -= count * length
    if (count) words.push(`${count} ${unit}`)
    else if (words.length) break
  }
  return words.slice(0, 2).join(" ")
}

function size(bytes) {
  const [unit, length] = SIZES.find(([, length]) => Math.abs(bytes) >= length) ?? ["B", 1]
  return `${number(bytes / length, Math.abs(bytes) / length < 10 && length > 1 ? 1 : 0)} ${unit}`
}

// Plotly shows whatever clock it is given, so it is given the viewer's.
function localTime(epochSeconds) {
  const at = new Date(epochSeconds * 1000)
  return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, -1)
}

// The other way round; Plotly leaves out midnight.
function epochSeconds(local) {
  return new Date(local.length > 10 ? local.replace(" ", "T") : `${local}T00:00`) / 1000
}

function element(parent, tag, className, text) {
  const made = document.createElement(tag)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  parent.append(made)
  return made
}

function svg(parent, tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag)
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value)
  parent.append(made)
  return made
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text
}

function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value)
}

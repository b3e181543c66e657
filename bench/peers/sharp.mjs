// sharp, one decode a photo: `node sharp.mjs FILE COUNT AT_A_TIME OUTPUT_DIRECTORY`. Prints seconds, processor seconds, and peak memory.
import { performance } from 'node:perf_hooks'
import sharp from 'sharp'

const [file, count, atATime, output] = process.argv.slice(2)
const parallel = Number(atATime)
// Several photos at a time need no threads inside one; one alone may use what there is.
sharp.concurrency(parallel > 1 ? 1 : 2)
sharp.cache(false)

async function photo(index) {
  // Decoded once, at a scale that the decoder gives cheaply; the smaller two are made from the larger.
  const { data, info } = await sharp(file).rotate().resize(1920, 1920, { fit: 'inside' }).raw().toBuffer({ resolveWithObject: true })
  const large = () => sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
  await Promise.all([
    large().jpeg({ quality: 82 }).toFile(`${output}/${index}-1920.jpg`),
    large().resize(300).jpeg({ quality: 80 }).toFile(`${output}/${index}-300.jpg`),
    large().resize(960, 960, { fit: 'cover' }).jpeg({ quality: 80 }).toFile(`${output}/${index}-960.jpg`),
  ])
}

await photo('warm-up')
const [started, before] = [performance.now(), process.cpuUsage()]
let next = 0
const work = async () => {
  while (next < Number(count)) await photo(next++)
}
await Promise.all(Array.from({ length: parallel }, work))
const cpu = process.cpuUsage(before)
console.log(JSON.stringify({
  wall_s: (performance.now() - started) / 1000, cpu_s: (cpu.user + cpu.system) / 1e6, peak_mib: process.resourceUsage().maxRSS / 1024,
}))

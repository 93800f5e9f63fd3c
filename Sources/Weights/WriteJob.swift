internal import Graph
internal import Synchronization

/// The tensors of a plan, made and written part by part by several threads.
///
/// Parts are handed out in file order and each is written to its own place, so that nothing depends
/// on which thread gets which. A thread holds one part at a time.
final class WriteJob: Sendable {
  private struct State {
    var tensor = 0
    var start = 0
    var written: Int
    var error: WeightsError?
  }

  private struct Part {
    let tensor: Int
    let start: Int
    let count: Int
  }

  /// Elements of a part.
  private static let partSize = 1 << 17

  private let plan: SafetensorsPlan
  private let file: OutputFile
  private let fill: SafetensorsPlan.Fill
  private let state: Mutex<State>

  init(plan: SafetensorsPlan, file: OutputFile, fill: @escaping SafetensorsPlan.Fill) {
    self.plan = plan
    self.file = file
    self.fill = fill
    state = Mutex(State(written: plan.dataStart))
  }

  /// Writes everything; `progress` is called on the caller's thread only.
  func run(threads: Int, progress: WriteProgress?) throws(WeightsError) {
    inParallel(threads - 1, { self.work(progress: nil) }, meanwhile: { work(progress: progress) })
    let (error, written) = state.withLock { ($0.error, $0.written) }
    if let error { throw error }
    if let progress, !progress(written, plan.byteCount) { throw .cancelled }
  }

  private func work(progress: WriteProgress?) {
    let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: WriteJob.partSize)
    values.initialize(repeating: 0)
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: 4 * WriteJob.partSize, alignment: 16)
    defer {
      values.deallocate()
      bytes.deallocate()
    }
    while let part = next() {
      do throws(WeightsError) {
        try write(part, values, bytes)
      } catch {
        return stop(error)
      }
      let written = state.withLock { $0.written }
      if let progress, !progress(written, plan.byteCount) { return stop(.cancelled) }
    }
  }

  private func write(
    _ part: Part, _ values: UnsafeMutableBufferPointer<Float>,
    _ bytes: UnsafeMutableRawBufferPointer
  ) throws(WeightsError) {
    let tensor = plan.tensors[part.tensor]
    let floats = UnsafeMutableBufferPointer(rebasing: values[..<part.count])
    fill(part.tensor, part.start, floats)
    let width = tensor.dtype.bytes
    let stored = UnsafeMutableRawBufferPointer(rebasing: bytes[..<(part.count * width)])
    store(UnsafeBufferPointer(floats), as: tensor.dtype, into: stored)
    let offset = plan.dataStart + tensor.offset + part.start * width
    try file.write(UnsafeRawBufferPointer(stored), at: offset)
    state.withLock { $0.written += stored.count }
  }

  private func stop(_ error: WeightsError) {
    state.withLock { $0.error = $0.error ?? error }
  }

  /// The next part; nil when all are handed out or something failed.
  private func next() -> Part? {
    state.withLock { state in
      guard state.error == nil else { return nil }
      while state.tensor < plan.tensors.count {
        let left = plan.tensors[state.tensor].count - state.start
        if left > 0 {
          let part = Part(
            tensor: state.tensor, start: state.start, count: min(left, WriteJob.partSize))
          state.start += part.count
          return part
        }
        state.tensor += 1
        state.start = 0
      }
      return nil
    }
  }
}

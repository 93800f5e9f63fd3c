internal import Synchronization
internal import Weights

/// Work on numbered items by several threads, whose results come out in order.
struct OrderedWork<Worker, Result: Sendable> {
  /// A worker that only one thread at a time uses.
  private final class Seat: @unchecked Sendable {
    let worker: Worker
    init(_ worker: Worker) { self.worker = worker }
  }

  private let seats: [Seat]
  private let block: Int

  /// `workers` share the work; so many items are under way for each before their results come out.
  init(_ workers: [Worker], block: Int = 64) {
    seats = workers.map { Seat($0) }
    self.block = block
  }

  /// Calls `work` for the items of `range`, and `deliver` for the results, in order, on the
  /// caller's thread, until it returns false.
  func run(
    _ range: Range<Int>, _ work: @escaping @Sendable (Worker, Int) -> Result,
    deliver: (Result) -> Bool
  ) {
    var start = range.lowerBound
    while start < range.upperBound {
      let end = min(range.upperBound, start + block * seats.count)
      let results = Mutex<[Result?]>(Array(repeating: nil, count: end - start))
      let first = start
      let next = Mutex(start)
      let seat = Mutex(0)
      let seats = seats
      let share: @Sendable () -> Void = {
        let own = seat.withLock { place in
          defer { place += 1 }
          return place
        }
        guard own < seats.count else { return }
        while true {
          let index = next.withLock { index in
            defer { index += 1 }
            return index
          }
          guard index < end else { return }
          let result = work(seats[own].worker, index)
          results.withLock { $0[index - first] = result }
        }
      }
      inParallel(seats.count - 1, { Crash.guarded(share) }, meanwhile: share)
      for result in results.withLock({ $0 }) {
        if let result, !deliver(result) { return }
      }
      start = end
    }
  }
}

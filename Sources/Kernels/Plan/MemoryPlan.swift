/// Where every buffer lies in one arena, from when each is needed.
struct MemoryPlan {
  /// A stretch of the arena that is in use from step `birth` to step `death`, both included.
  struct Stretch: Equatable {
    let buffer: BufferID
    let offset: Int
    let bytes: Int
    let birth: Int
    let death: Int
  }

  /// Everything that has a place of its own.
  private(set) var stretches: [Stretch] = []
  /// For every buffer its byte offset in the arena; nil for weights and tables.
  private(set) var offsets: [Int?]
  /// The size of the arena.
  private(set) var bytes = 0

  /// Places start at multiples of a cache line.
  static let alignment = 64

  /// Places the buffers of `program`.
  ///
  /// `late` live on after the last step. Without `reuse` every buffer has a place of its own.
  init(_ program: inout Program, late: [BufferID], reuse: Bool) {
    offsets = Array(repeating: nil, count: program.buffers.count)
    var lives = MemoryPlan.lives(program, late: late)
    if reuse { MemoryPlan.merge(&program, &lives) }

    var pending: [Stretch] = []
    for (id, life) in lives.enumerated() {
      guard case .arena = program.buffers[id].home, let life else { continue }
      let size = MemoryPlan.rounded(max(1, program.buffers[id].bytes))
      pending.append(
        Stretch(buffer: id, offset: 0, bytes: size, birth: life.birth, death: life.death))
    }
    // Large ones first: small ones find gaps between them.
    pending.sort { ($0.bytes, -$0.birth, -$0.buffer) > ($1.bytes, -$1.birth, -$1.buffer) }
    for stretch in pending {
      let offset = reuse ? gap(for: stretch) : bytes
      stretches.append(
        Stretch(
          buffer: stretch.buffer, offset: offset, bytes: stretch.bytes, birth: stretch.birth,
          death: stretch.death))
      offsets[stretch.buffer] = offset
      bytes = max(bytes, offset + stretch.bytes)
    }
    for id in program.buffers.indices {
      let root = program.root(id)
      if let base = offsets[root.id] { offsets[id] = base + root.offset }
    }
  }

  private typealias Life = (birth: Int, death: Int)

  private static func rounded(_ bytes: Int) -> Int {
    (bytes + alignment - 1) / alignment * alignment
  }

  private static func lives(_ program: Program, late: [BufferID]) -> [Life?] {
    var lives: [Life?] = Array(repeating: nil, count: program.buffers.count)
    func touch(_ id: BufferID, _ step: Int) {
      let root = program.root(id).id
      let life = lives[root] ?? (step, step)
      lives[root] = (min(life.birth, step), max(life.death, step))
    }
    for (i, step) in program.steps.enumerated() {
      for id in step.reads + step.writes { touch(id, i) }
    }
    for id in late { touch(id, program.steps.count) }
    return lives
  }

  /// Lets results take the place of operands that die in the same step.
  private static func merge(_ program: inout Program, _ lives: inout [Life?]) {
    for (i, step) in program.steps.enumerated() {
      guard let source = step.inPlace, let result = step.writes.first else { continue }
      let (from, to) = (program.root(source), program.root(result))
      guard case .arena = program.buffers[from.id].home,
        case .arena = program.buffers[to.id].home, from.id != to.id, from.offset == 0,
        to.offset == 0, program.buffers[from.id].bytes == program.buffers[to.id].bytes,
        let old = lives[from.id], let new = lives[to.id], old.death == i, new.birth == i,
        step.reads.filter({ program.root($0).id == from.id }).count == 1
      else { continue }
      program.buffers[to.id].home = .view(of: from.id, offset: 0)
      lives[from.id] = (old.birth, new.death)
      lives[to.id] = nil
    }
  }

  /// The lowest place that is free during the whole life of `stretch`.
  private func gap(for stretch: Stretch) -> Int {
    let others = stretches.filter { $0.birth <= stretch.death && stretch.birth <= $0.death }
      .sorted { $0.offset < $1.offset }
    var (best, smallest, end) = (-1, Int.max, 0)
    for other in others {
      let room = other.offset - end
      if room >= stretch.bytes, room < smallest { (best, smallest) = (end, room) }
      end = max(end, other.offset + other.bytes)
    }
    return best >= 0 ? best : end
  }
}

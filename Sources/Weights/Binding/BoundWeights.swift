public import Graph
internal import Synchronization

/// The numbers of parameters by path, for any number of threads at once.
///
/// Numbers that lie in a mapped file in the right form are used there; others are made when they
/// are first asked for, and kept. Pointers are valid while one copy of this value lives.
public struct BoundWeights: Sendable {
  private let slots: [String: Slot]
  /// The paths, in the order of the graph.
  public let paths: [String]

  /// One parameter.
  private final class Slot: Sendable {
    let recipe: Recipe
    let kept = Mutex<KeptFloats?>(nil)

    init(_ recipe: Recipe) { self.recipe = recipe }

    /// The numbers; a second thread that asks at the same time waits.
    func floats() -> KeptFloats {
      kept.withLock { kept in
        if let kept { return kept }
        let made = recipe.floats()
        kept = made
        return made
      }
    }
  }

  init(_ recipes: [(path: String, recipe: Recipe)]) {
    var slots: [String: Slot] = [:]
    for (path, recipe) in recipes { slots[path] = Slot(recipe) }
    self.slots = slots
    paths = recipes.map(\.path)
  }

  /// Given numbers, for tests and results; those whose count is not their shape's are left out.
  public init(_ values: [(path: String, shape: [Int], floats: [Float])]) {
    self.init(
      values.filter { elementCount($0.shape) == $0.floats.count }.map {
        ($0.path, .values($0.floats, shape: $0.shape))
      })
  }

  /// The initial weights of a graph, as `writeInitialWeights` writes them.
  public init(initialFor graph: Graph, seed: UInt64) throws(WeightsError) {
    var recipes: [(path: String, recipe: Recipe)] = []
    var fault: WeightsError?
    graph.forEachParameter { path, parameter, _ in
      do throws(WeightsError) {
        let shape = parameter.type.sizes
        let values = try InitialValues(parameter.initializer, shape: shape, path: path, seed: seed)
        recipes.append((path, .initial(values, shape: shape)))
      } catch { fault = fault ?? error }
    }
    if let fault { throw fault }
    self.init(recipes)
  }

  /// The numbers of the parameter at `path`, row by row; nil when it has none.
  public func floats(_ path: String) -> UnsafeBufferPointer<Float>? {
    slots[path].map { $0.floats().values }
  }

  /// The sizes of the parameter at `path`; nil when it has no numbers.
  public func shape(_ path: String) -> [Int]? { slots[path]?.recipe.shape }

  /// Calls `body` for every stored tensor that the parameter at `path` is made of.
  func forEachStored(_ path: String, _ body: (StoredTensor) -> Void) {
    slots[path]?.recipe.forEachStored { tensor, _ in body(tensor) }
  }

  /// The bytes of the numbers that do not lie in a file, once all are made.
  public var copiedBytes: Int {
    slots.values.reduce(0) { $0 + ($1.recipe.isMapped ? 0 : 4 * $1.recipe.count) }
  }

  /// Makes all numbers now that do not lie in a file.
  public func prepare(threads: Int? = nil) {
    let next = Mutex(0)
    let work: @Sendable () -> Void = {
      while true {
        let i = next.withLock { next in
          defer { next += 1 }
          return next
        }
        guard i < paths.count else { return }
        _ = floats(paths[i])
      }
    }
    inParallel((threads ?? min(8, processorCount)) - 1, work, meanwhile: work)
  }
}

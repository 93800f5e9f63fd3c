internal import CKernels

/// The threads that run the loops.
///
/// Results do not depend on how many there are. It is `Sendable` because the C pool takes calls from
/// any thread, one after another.
public final class ThreadPool: @unchecked Sendable {
  let handle: OpaquePointer

  /// A pool of `threads` threads, the caller's included; nil: one for every processor.
  public init(threads: Int? = nil) throws(RunError) {
    let count = max(1, min(threads ?? Int(lab_processors()), 1024))
    guard let handle = lab_pool_create(Int32(count)) else {
      throw RunError("no memory for a pool of \(count) threads")
    }
    self.handle = handle
  }

  deinit { lab_pool_destroy(handle) }

  /// How many threads work.
  public var threads: Int { Int(lab_pool_threads(handle)) }

  /// The number of processors that are online.
  public static var processors: Int { Int(lab_processors()) }
}

/// What the loops found on this machine, for reports.
public enum Machine {
  /// Such as `AVX-512`.
  public static var instructionSet: String {
    switch lab_level() {
    case 4: "AVX-512"
    case 3: "AVX2"
    default: "baseline"
    }
  }

  /// Who makes matrix products.
  public enum Products: Int32, Sendable {
    /// The faster one on this processor.
    case best
    /// OpenBLAS, or Accelerate on macOS, if it is installed.
    case library
    /// The product of this package.
    case own
  }

  /// Who makes matrix products from now on, in every executor; for measurements.
  public static func use(_ products: Products) { lab_blas_choose(products.rawValue) }

  /// What makes matrix products, such as `OpenBLAS Haswell` or `own`; may load the library.
  public static var matrixLibrary: String {
    let name = String(cString: lab_blas_name())
    return name == "own" || name == "Accelerate" ? name : "OpenBLAS \(name)"
  }

  /// Uses at most this level of instructions from now on, in every executor; 0: the best there is.
  ///
  /// For tests and measurements that compare levels.
  static func limit(level: Int) { lab_limit_level(Int32(level)) }
}

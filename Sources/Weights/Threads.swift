#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The number of processors that are online, at least 1.
public var processorCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

/// Calls `body` on `helpers` threads and `meanwhile` on the caller's, and waits for all.
///
/// A thread that the system refuses to start is done without: `body` must share its work out as it
/// goes and not rely on how often it is called.
public func inParallel(
  _ helpers: Int, _ body: @escaping @Sendable () -> Void, meanwhile: () -> Void
) {
  var threads: [pthread_t] = []
  for _ in 0..<max(0, helpers) {
    let task = Unmanaged.passRetained(Errand(body))
    if let thread = start(task.toOpaque()) { threads.append(thread) } else { task.release() }
  }
  meanwhile()
  for thread in threads { pthread_join(thread, nil) }
}

private final class Errand: Sendable {
  let body: @Sendable () -> Void
  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

private func start(_ task: UnsafeMutableRawPointer) -> pthread_t? {
  #if canImport(Darwin)
    var thread: pthread_t?
    return pthread_create(&thread, nil, { run($0) }, task) == 0 ? thread : nil
  #else
    var thread = pthread_t()
    return pthread_create(&thread, nil, { run($0) }, task) == 0 ? thread : nil
  #endif
}

private func run(_ task: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let task { Unmanaged<Errand>.fromOpaque(task).takeRetainedValue().body() }
  return nil
}

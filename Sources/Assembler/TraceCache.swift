internal import BlockKit
internal import Blueprint
internal import Graph

/// Remembers what blocks trace to: that depends on their settings, their input types and the
/// adapters laid over them alone.
final class TraceCache {
  struct Key: Hashable {
    let block: String
    /// The plug-in that it comes from: another may have a block of that name.
    let origin: String?
    let settings: [DatumEntry]
    let ports: [String]
    let types: [TensorType]
    let adapters: [Adapter]
  }

  private struct JointKey: Hashable {
    let joint: Assembly.Joint
    let types: [TensorType]
  }

  private var traces: [Key: Trace] = [:]
  private var joints: [JointKey: Trace] = [:]

  subscript(key: Key) -> Trace? {
    get { traces[key] }
    set { traces[key] = newValue }
  }

  /// The trace of a construct's own arithmetic.
  func trace(_ joint: Assembly.Joint, of types: [TensorType]) throws(ShapeError) -> Trace {
    let key = JointKey(joint: joint, types: types)
    if let known = joints[key] { return known }
    let builder = TraceBuilder(block: joint.word, inputs: types)
    var result = 0
    switch joint {
    case .concat: result = try builder.apply(joint.op, to: Array(types.indices), in: 0)[0]
    case .add, .multiply:
      for i in types.indices.dropFirst() {
        result = try builder.apply(joint.op, to: [result, i], in: 0)[0]
      }
    }
    let trace = builder.finish(outputs: [result])
    joints[key] = trace
    return trace
  }
}

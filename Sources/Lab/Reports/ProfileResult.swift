internal import Graph

/// One blueprint profiled at one size: the value that every form of the report is rendered from.
struct ProfileResult {
  let graph: Graph
  let profile: Profile
  /// The blueprint's file, as the user named it or as it was found.
  let file: String
  /// The sizes that the command line gave.
  let sizes: [(name: String, value: Int)]
  let convention: Convention
  let dtype: DType

  /// The cost as the convention counts it.
  var cost: Cost { convention.apply(profile.cost) }
  /// The sum over the classes; assembling has checked that it fits.
  var total: Int { (try? cost.total()) ?? Int.max }
  /// Multiply-adds of products, convolutions and dense attention.
  var macs: Int { (try? profile.cost.macs()) ?? Int.max }
  /// Bytes of all weights.
  var weightBytes: Int { bytes(profile.parameters) }
  /// Bytes that decoding keeps at this length.
  var stateBytes: Int { bytes(profile.state) }

  func bytes(_ elements: Int) -> Int {
    let (value, overflow) = elements.multipliedReportingOverflow(by: dtype.bytes)
    return overflow ? Int.max : value
  }

  /// The sizes of the command line, such as `seq=2k`.
  var shortSizes: String {
    sizes.map { "\($0.name)=\(NumberFormat.shortSize($0.value))" }.joined(separator: " ")
  }

  /// The name and the inputs' shapes.
  func title(_ dot: String, _ times: String) -> String {
    let shapes = profile.inputs.map { input in
      "\(input.name) \(input.type.sizes.map(String.init).joined(separator: times))"
    }
    return ([profile.name] + shapes).joined(separator: " \(dot) ")
  }
}

extension Cost {
  /// The sum of the classes; every module's is at most the model's, which has been checked.
  var sum: Int { (try? total()) ?? Int.max }
}

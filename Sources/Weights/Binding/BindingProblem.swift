/// Something that does not fit between a blueprint's parameters and a checkpoint.
public struct BindingProblem: Hashable, Sendable, CustomStringConvertible {
  /// What kind of thing does not fit.
  public enum Kind: String, Sendable, CaseIterable {
    /// A parameter needs a tensor that the checkpoint does not have.
    case missing
    /// A tensor that no parameter uses and no pattern allows to be left over.
    case surplus
    /// Shapes differ.
    case misshaped
    /// A tensor has integers where weights are needed.
    case type
    /// A rule cannot be carried out.
    case rule
    /// Tensors that are tied by a rule differ.
    case untied
    /// A tensor has values that are infinite or no numbers.
    case notFinite
    /// A rule applies to no parameter.
    case idleRule
    /// Some elements of a tensor are used by no parameter.
    case partlyUsed
  }

  /// What kind of problem it is.
  public let kind: Kind
  /// The parameter's path, when it is one parameter's problem.
  public let parameter: String?
  /// The tensor in the checkpoint, when it is one tensor's problem.
  public let tensor: String?
  /// The index of the rule that led here, if one did.
  public let rule: Int?
  /// One sentence, lower case, no full stop.
  public let description: String

  /// Whether the weights are incomplete or wrong; else this is a warning.
  public var isError: Bool {
    switch kind {
    case .missing, .surplus, .misshaped, .type, .rule, .untied: true
    case .notFinite, .idleRule, .partlyUsed: false
    }
  }

  init(
    _ kind: Kind, parameter: String? = nil, tensor: String? = nil, rule: Int? = nil,
    _ description: String
  ) {
    self.kind = kind
    self.parameter = parameter
    self.tensor = tensor
    self.rule = rule
    self.description = description
  }
}

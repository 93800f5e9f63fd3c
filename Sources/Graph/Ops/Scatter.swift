/// Rows put on a grid at the places that their coordinates name; every other cell holds a filling.
///
/// Operands: x `[…, sequence, channels]`, coordinates `[…, sequence, 2]` (along the width, then
/// along the height) and the filling `[channels]`. Row i goes to column ⌊at_{i,0} / cell⌋ of line
/// ⌊at_{i,1} / cell⌋; of several rows in one cell the last stays, and rows outside of the grid are
/// left out. Result: `[…, height, width, channels]`. The two divisions per row are counted.
public struct Scatter: Operation {
  /// Lines of the grid.
  public let height: Int
  /// Columns of the grid.
  public let width: Int
  /// The side of a cell in the unit of the coordinates.
  public let cell: Double

  /// A grid of `height` × `width` cells.
  public init(height: Int, width: Int, cell: Double) {
    self.height = height
    self.width = width
    self.cell = cell
  }

  public var name: String { "scatter" }
  public var attributes: [Attribute] {
    [
      Attribute("height", .int(height)), Attribute("width", .int(width)),
      Attribute("cell", .double(cell)),
    ]
  }

  public func results(of operands: [TensorType]) throws(ShapeError) -> [TensorType] {
    try expect(operands, 3)
    let (x, at) = (operands[0], operands[1])
    guard x.axes.suffix(2) == [.sequence, .channels], let channels = x.size(.channels) else {
      throw ShapeError("scattering needs the axes sequence and channels but gets \(x)", operand: 0)
    }
    guard at.dims == x.resized(.channels, to: 2).dims, at.element == .real else {
      throw ShapeError(
        "the coordinates are \(at) but two for every position of \(x) are needed", operand: 1)
    }
    guard operands[2].sizes == [channels] else {
      throw ShapeError(
        "the filling is \(operands[2].sizes) but [\(channels)] is needed", operand: 2)
    }
    guard height > 0, width > 0, cell > 0 else {
      throw ShapeError("a grid needs cells: \(height) × \(width) of side \(cell)")
    }
    let grid = [Dim(.height, height), Dim(.width, width), Dim(.channels, channels)]
    return [TensorType(x.dims.dropLast(2) + grid)]
  }

  public func work(_ operands: [TensorType], _ results: [TensorType]) throws(ShapeError) -> [Work] {
    [Work(.elementwise, "÷ cell", .n("coordinates", try operands[1].count()))]
  }
}

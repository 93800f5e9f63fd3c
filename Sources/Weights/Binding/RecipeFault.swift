/// Why a rule cannot be carried out for a parameter, in words.
struct RecipeFault: Error, Hashable {
  let text: String
  init(_ text: String) { self.text = text }
}

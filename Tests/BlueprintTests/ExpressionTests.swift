import Blueprint
import Diagnostics
import Testing

@Suite struct ExpressionTests {
  @Test(arguments: [
    ("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("7 / 2", "3.5"), ("6 / 2", "3"), ("-7 // 2", "-4"),
    ("7 // -2", "-4"), ("-7 % 3", "2"), ("7 % -3", "-2"), ("7.5 // 2", "3.0"), ("-7.5 % 2", "0.5"),
    ("-2 ** 2", "-4"), ("2 ** 3 ** 2", "512"), ("2 ** -1", "0.5"), ("2 ** -1 * 4", "2.0"),
    ("4 ** 0.5", "2.0"), ("0 ** 0", "1"), ("(-1) ** 3", "-1"), ("1 - 2 - 3", "-4"),
    ("1.5 + 1", "2.5"), ("1e-4 * 2", "0.0002"), ("0x10 + 0o7", "23"), (".5 + .5", "1.0"),
    ("'a' + \"b\"", "ab"), ("[1] + [2, 3]", "[1, 2, 3]"), ("[1, 2,]", "[1, 2]"), ("[]", "[]"),
    ("list[0]", "1"), ("list[-1]", "3"), ("word[0] + word[-1]", "cl"), ("cfg.dim", "64"),
    ("cfg['dim']", "64"), ("cfg.inner.heads * 2", "8"), ("cfg", "{dim: 64, inner: {heads: 4}}"),
    ("1 < 2", "true"), ("2 <= 1.5", "false"), ("'a' < 'b'", "true"), ("1 == 1.0", "true"),
    ("9007199254740993 == 9007199254740992.0", "false"), ("1 != 2", "true"),
    ("none == null", "true"),
    ("i != null", "true"), ("[1, 2] == [1.0, 2]", "true"), ("i in [2, 8, 14]", "true"),
    ("i not in [2, 8, 14]", "false"), ("'aus' in word", "true"), ("'dim' in cfg", "true"),
    ("'' in word", "true"), ("'aab' in 'aaab'", "true"), ("'abd' in 'ababc'", "false"),
    ("null in [1, null]", "true"), ("not true", "false"), ("not 1 == 2", "true"),
    ("true and not false or false", "true"), ("false and 1 / 0 == 1", "false"),
    ("true or 1 / 0 == 1", "true"), ("1 if flag else 1 / 0", "1"),
    ("'a' if i == 1 else 'b' if i == 8 else 'c'", "b"), ("len(word)", "6"), ("len('é😀')", "2"),
    ("len(list)", "3"), ("min(3, 1, 2)", "1"), ("max(list)", "3"), ("max(1, 2.5)", "2.5"),
    ("ceil(2.1)", "3"), ("floor(-2.1)", "-3"), ("round(2.5)", "2"), ("round(3.5)", "4"),
    ("abs(-3)", "3"), ("abs(-2.5)", "2.5"), ("sum([1, 2, 3])", "6"), ("sum([])", "0"),
    ("sum([1, 0.5])", "1.5"), ("range(3)", "[0, 1, 2]"), ("range(1, 6, 2)", "[1, 3, 5]"),
    ("range(3, 0, -1)", "[3, 2, 1]"), ("int('12')", "12"), ("int(3.9)", "3"), ("float(2)", "2.0"),
    ("float('1e3')", "1000.0"), ("str(3.0)", "'3'"), ("str([1, 'a'])", "'[1, a]'"),
    ("'a\\n'", "\"a\\n\""),
    ("'{' + '}'", "'{}'"), ("'#' + ': ' + \"'\"", "'#: '''"), ("max(range(10)) % 4", "1"),
    ("2 * n if i in [8] else 0", "32"), ("--1", "1"), ("x", "2.5"), ("ceil(dim / 16)", "96"),
  ]) func value(text: String, expected: String) {
    let contexts = [
      "v: ${\(text)}", "{a: b, v: ${ \(text) }, c: d}", "- ignored: '\n  x'\n- {v: ${\(text)}}",
      "'v': |-\n  ${\(text)}",
    ]
    for context in contexts {
      let (value, faults) = evaluate(context)
      #expect(faults.map(\.message) == [])
      var found = value
      if case .list(let items)? = value { found = items.last }
      #expect(found?["v"]?.description == expected, "\(context)")
    }
  }

  @Test(arguments: [
    ("${⟦1 / 0⟧}", "division-by-zero", "1 / 0 divides by zero"),
    ("${1 + (⟦n % (i - 8)⟧)}", "division-by-zero", "16 % 0 divides by zero"),
    ("${⟦0 ** -1⟧}", "division-by-zero", "zero has no negative power"),
    ("${⟦9223372036854775807 + 1⟧}", "overflow", "9223372036854775807 + 1 does not fit in 64 bits"),
    ("${⟦dim ** 9⟧}", "overflow", "1536 ** 9 does not fit in 64 bits"),
    ("${⟦ceil(1e300)⟧}", "overflow", "1e+300 does not fit in 64 bits"),
    ("${⟦1e300 * 1e300⟧}", "not-finite", "1e+300 * 1e+300 is not a finite number"),
    ("${⟦(-1) ** 0.5⟧}", "not-finite", "-1.0 ** 0.5 is not a finite number"),
    ("${⟦1 + 'a'⟧}", "bad-type", "'+' does not work on 1 (an integer) and 'a' (a string)"),
    ("${⟦list * 2⟧}", "bad-type", "'*' does not work on [1, 2, 3] (a list) and 2 (an integer)"),
    ("${⟦-word⟧}", "bad-type", "'-' needs a number, not 'causal' (a string)"),
    ("${⟦1 < 'a'⟧}", "bad-type", "1 (an integer) cannot be compared with 'a' (a string)"),
    ("${⟦i == word⟧}", "bad-type", "8 (an integer) cannot be compared with 'causal' (a string)"),
    ("${⟦1 in i⟧}", "bad-type", "'in' needs a list, a string or a mapping, not 8 (an integer)"),
    (
      "${⟦1 in word⟧}", "bad-type",
      "'in' needs a string before 'causal' (a string), not 1 (an integer)"
    ),
    ("${⟦i⟧ and flag}", "bad-type", "'and' needs true or false, not 8 (an integer)"),
    ("${1 if ⟦none⟧ else 2}", "bad-type", "'if' needs true or false, not null"),
    ("${list[⟦3⟧]}", "bad-index", "the list has 3 elements; 3 is outside"),
    ("${list[⟦-4⟧]}", "bad-index", "the list has 3 elements; -4 is outside"),
    ("${list[⟦x⟧]}", "bad-type", "the index must be an integer, not 2.5 (a number)"),
    ("${cfg.⟦dmi⟧}", "unknown-member", "there is no member 'dmi'"),
    ("${cfg[⟦'dmi'⟧]}", "unknown-member", "there is no member 'dmi'"),
    ("layers.$i.⟦mixer⟧", "bad-type", "8 (an integer) has no member 'mixer'"),
    ("${⟦dimm⟧ + 1}", "unknown-name", "unknown name 'dimm'"),
    ("$⟦dimm⟧", "unknown-name", "unknown name 'dimm'"),
    ("é 😀 $⟦dimm⟧", "unknown-name", "unknown name 'dimm'"),
    ("'it''s $⟦dimm⟧'", "unknown-name", "unknown name 'dimm'"),
    ("\"\\u00e9\\t\\\"$⟦dimm⟧\"", "unknown-name", "unknown name 'dimm'"),
    ("\"a\\\n    b $⟦dimm⟧\"", "unknown-name", "unknown name 'dimm'"),
    ("one\n  two $⟦dimm⟧", "unknown-name", "unknown name 'dimm'"),
    ("|\n  one\n  two $⟦dimm⟧\n", "unknown-name", "unknown name 'dimm'"),
    (">\n  one\n  two $⟦dimm⟧\n", "unknown-name", "unknown name 'dimm'"),
    ("{a: [x, {b: ${[1, ⟦dimm⟧]}}]}", "unknown-name", "unknown name 'dimm'"),
    ("${⟦lenn⟧(1)}", "unknown-function", "unknown function 'lenn'"),
    ("${⟦len()⟧}", "bad-expression", "'len' takes 1 value, not 0"),
    ("${⟦range(1, 2, 3, 4)⟧}", "bad-expression", "'range' takes 1 to 3 values, not 4"),
    ("${⟦len(1)⟧}", "bad-type", "'len' needs a list, a string or a mapping, not 1 (an integer)"),
    ("${⟦min([])⟧}", "bad-type", "'min' of an empty list has no value"),
    ("${⟦int('a')⟧}", "bad-type", "'a' cannot be read as an integer"),
    ("${1 + ⟦}⟧", "bad-expression", "a value is expected here, not '}'"),
    ("${1 ⟦2⟧}", "bad-expression", "an operator or '}' is expected here, not '2'"),
    ("${(1⟦}⟧", "bad-expression", "')' is expected here, not '}'"),
    ("${[1 ⟦2⟧]}", "bad-expression", "',' or ']' is expected here, not '2'"),
    ("${1 < 2 ⟦<⟧ 3}", "bad-expression", "comparisons cannot be chained"),
    ("⟦${⟧1 + 2", "bad-expression", "'${' is not closed"),
    ("${⟦}⟧", "bad-expression", "there is no expression between '${' and '}'"),
    ("a ⟦$⟧ b", "bad-expression", "'$' must be followed by a name or by '{'"),
    ("a⟦$⟧", "bad-expression", "'$' must be followed by a name or by '{'"),
    ("${⟦$⟧i}", "bad-expression", "'$' is not allowed in an expression"),
    ("${i ⟦=⟧ 1}", "bad-expression", "'=' is not allowed in an expression"),
    ("${flag ⟦&⟧& flag}", "bad-expression", "'&' is not allowed in an expression"),
    ("${⟦1_000⟧}", "bad-expression", "'1_000' is not a number"),
    ("${⟦99999999999999999999⟧}", "number-range", "the number 99999999999999999999 is too large"),
    ("${1 if flag⟦}⟧", "bad-expression", "'else' is expected here, not '}'"),
    ("a ${⟦'⟧b", "bad-expression", "this string is never closed"),
    ("\"${'⟦\\\\q⟧'}\"", "bad-expression", "unknown escape in a string"),
    ("at $⟦list⟧", "bad-type", "[1, 2, 3] (a list) cannot be put into a text"),
    ("at ${⟦none⟧}", "bad-type", "null cannot be put into a text"),
    (
      "${⟦" + String(repeating: " ", count: 10_001) + "1⟧}", "too-large",
      "the expression is longer than 10000 characters"
    ),
  ]) func fault(text: String, id: String, message: String) throws {
    let marked = MarkedText("key: " + text)
    let (_, faults) = evaluate(marked.source)
    let fault = try #require(faults.first)
    #expect(fault.id == id)
    #expect(fault.message == message)
    #expect(fault.span?.start == marked.start)
    if id != "too-large", !message.contains("never closed") {
      #expect(fault.span?.end == marked.end)
    }
  }

  @Test(arguments: [
    ("${dimm}", "did you mean 'dim'?"), ("${cfg.dmi}", "did you mean 'dim'?"),
    ("${lenn(1)}", "did you mean 'len'?"), ("$ x", "write '$$' for a plain '$'"),
    ("layers.$i.mixer", "to end the name before the '.', write '${i}.mixer'"),
    ("${i && i}", "write 'and'"), ("${i = 1}", "compare with '=='"),
    ("${1_000}", "write numbers without '_'"),
    ("${1 + 'a'}", "turn the other one into a string with str(…)"),
  ]) func help(text: String, help: String) {
    #expect(evaluate(text).1.map(\.help) == [help])
  }
}

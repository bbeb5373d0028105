extension Collection<UInt8> {
    /// Two digits for each byte, in small letters.
    @inlinable public var hex: String {
        String(unsafeUninitializedCapacity: count * 2) { digits in
            var place = 0
            for byte in self {
                digits[place] = hexDigit(byte >> 4)
                digits[place + 1] = hexDigit(byte & 15)
                place += 2
            }
            return place
        }
    }
}

/// The small digit of a value below 16.
@usableFromInline func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") - 10 + value
}

/// The value of a digit, small or large.
func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

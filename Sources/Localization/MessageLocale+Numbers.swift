extension MessageLocale {
    /// “1,234.5”, in French “1 234,5” with narrow spaces that don't break.
    package func number(_ number: DecimalNumber) -> String {
        let fraction = number.fraction.isEmpty ? "" : decimalPoint + number.fraction
        return (number.isNegative ? minus : "") + grouped(number.whole) + fraction
    }

    /// Whether the singular goes with it: in French also with 0 and 1.5.
    package func isOne(_ number: DecimalNumber) -> Bool {
        switch self {
        case .english: number.whole == "1" && number.fraction.isEmpty
        case .french: number.whole == "0" || number.whole == "1"
        }
    }

    /// “45 minutes”, “1 hour 30 minutes”, in French “1 h 30”.
    package func duration(minutes number: DecimalNumber) throws(UnwritableValue) -> String {
        guard let total = number.integer, (1...100_000).contains(total) else {
            throw UnwritableValue(text: "is no whole number of minutes")
        }
        let (hours, minutes) = (total / 60, total % 60)
        if hours == 0 { return minutes == 1 ? "1\u{a0}minute" : "\(minutes)\u{a0}minutes" }
        switch self {
        case .french:
            let rest = minutes == 0 ? "" : minutes < 10 ? "\u{a0}0\(minutes)" : "\u{a0}\(minutes)"
            return "\(hours)\u{a0}h\(rest)"
        case .english:
            let whole = hours == 1 ? "1\u{a0}hour" : "\(hours)\u{a0}hours"
            if minutes == 0 { return whole }
            return "\(whole) \(minutes)\u{a0}\(minutes == 1 ? "minute" : "minutes")"
        }
    }

    /// “€1,234.50”, in French “1 234,50 €”.
    ///
    /// - Parameter currency: An ISO 4217 code. One without a sign of its own here is written as the code.
    package func money(_ amount: DecimalNumber, currency: String) throws(UnwritableValue) -> String {
        let code = currency.uppercased()
        guard code.utf8.count == 3, code.utf8.allSatisfy({ (0x41...0x5a).contains($0) }) else {
            throw UnwritableValue(text: "is in no currency, “\(currency.prefix(20))”: expected a code such as EUR")
        }
        let (whole, fraction) = amount.rounded(to: Self.decimalPlaces[code] ?? 2)
        let digits = grouped(whole) + (fraction.isEmpty ? "" : decimalPoint + fraction)
        let sign = amount.isNegative && (whole + fraction).contains { $0 != "0" } ? minus : ""
        let symbol = self == .french ? Self.frenchSymbols[code] : Self.englishSymbols[code]
        switch self {
        case .french: return "\(sign)\(digits)\u{a0}\(symbol ?? code)"
        case .english: return sign + (symbol ?? "\(code)\u{a0}") + digits
        }
    }

    private var decimalPoint: String { self == .french ? "," : "." }

    /// The sign of mathematics, which is as wide as a digit.
    private var minus: String { "\u{2212}" }

    private func grouped(_ digits: String) -> String {
        let separator = self == .french ? "\u{202f}" : ","
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.utf8.count - index) % 3 == 0 { text += separator }
            text.append(digit)
        }
        return text
    }

    /// ISO 4217's currencies that have not two places.
    private static let decimalPlaces = [
        "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
        "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
        "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    ]
    private static let englishSymbols = [
        "EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "INR": "₹",
    ]
    private static let frenchSymbols = [
        "EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "CAD": "$\u{a0}CA", "AUD": "$\u{a0}AU", "INR": "₹",
        "XOF": "F\u{a0}CFA", "XAF": "F\u{a0}CFA", "XPF": "F\u{a0}CFP",
    ]
}

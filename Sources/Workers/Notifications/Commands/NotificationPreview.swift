extension String {
    var withoutLastBreak: String { last == "\n" ? String(dropLast()) : self }
}

extension String {
    /// Text in Postgres can't hold U+0000; the message's JSON keeps it all the same.
    package var withoutNulls: String { contains("\0") ? replacing("\0", with: "\u{FFFD}") : self }
}

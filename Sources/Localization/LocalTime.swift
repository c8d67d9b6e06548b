/// What a clock on the reader's wall shows.
package struct LocalTime: Sendable, Hashable {
    var year: Int
    /// 1 to 12.
    var month: Int
    var day: Int
    /// 1 is Monday, 7 is Sunday.
    var weekday: Int
    var hour: Int
    var minute: Int
}

/// An event about one profile.
package protocol ProfileEvent: Decodable, Sendable {
    static var event: String { get }
    static var kind: ProfileChange.Kind { get }
    var change: ProfileChange { get }
}

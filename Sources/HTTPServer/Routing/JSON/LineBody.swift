/// A body of lines, each of them a JSON object (NDJSON): a line with mistakes does not keep the others from being read.
package struct LineBody: Sendable {
    package static let mediaType = "application/x-ndjson"
    /// So many lines count as one request in the limits of rates.
    static let linesPerRequest = 100

    /// One line that is not blank.
    package struct Line: Sendable {
        /// From 1; blank lines count.
        package let number: Int
        package let bytes: ArraySlice<UInt8>

        /// Without the CR of its end.
        package var text: ArraySlice<UInt8> { bytes.last == 0x0d ? bytes.dropLast() : bytes }
    }

    /// What a line may have.
    package let fields: Fields
    /// Of the whole body, in bytes; in place of the server's limit.
    package let limit: Int
    /// Lines that are not blank.
    package let lineCount: Int
    /// Of a line, in bytes.
    package let lineLimit: Int

    package init(_ fields: Fields, limit: Int, lineCount: Int, lineLimit: Int = 1 << 20) {
        self.fields = fields
        self.limit = limit
        self.lineCount = lineCount
        self.lineLimit = lineLimit
    }

    /// The lines of a body. They end with LF or CR LF, the last one may end with the body.
    ///
    /// - Throws: 415 for another content type, charset or coding, 413 for more lines than there may be.
    package func lines(of request: HTTPRequest) throws(APIError) -> [Line] {
        try BodyType.lines.check(request.headers)
        return try lines(in: request.body)
    }

    /// - Throws: 413 for more lines than there may be.
    package func lines(in body: [UInt8]) throws(APIError) -> [Line] {
        var body = body[...]
        if body.starts(with: [0xef, 0xbb, 0xbf]) { body = body.dropFirst(3) }
        var lines: [Line] = []
        for (index, piece) in body.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated() {
            guard piece.contains(where: { ![0x20, 0x09, 0x0d].contains($0) }) else { continue }
            guard lines.count < lineCount else {
                throw APIError(
                    status: 413,
                    code: "too_many_lines",
                    message: "The body has more than \(lineCount) lines; nothing was accepted."
                )
            }
            lines.append(Line(number: index + 1, bytes: piece))
        }
        return lines
    }

    /// Reads one line.
    ///
    /// - Throws: 413 for one that is too long, 400 for what is not a JSON object, 422 for mistakes in it.
    package func read(_ line: Line) throws(APIError) -> FieldValues {
        guard line.bytes.count <= lineLimit else {
            throw APIError(
                status: 413,
                code: "line_too_long",
                message: "The line is longer than \(lineLimit) bytes."
            )
        }
        return try fields.read(json: Array(line.bytes), called: "line")
    }

    /// As how many requests a body counts.
    package func weight(of body: [UInt8]) -> Int {
        let lines = min(body.dropLast().count { $0 == 0x0a } + 1, lineCount)
        return (lines + Self.linesPerRequest - 1) / Self.linesPerRequest
    }
}

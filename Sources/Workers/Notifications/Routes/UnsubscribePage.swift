import FlotillaHTTPRouting

/// The two pages that a person sees who follows the link to unsubscribe, in French and English.
enum UnsubscribePage {
    /// - Parameter token: a UUID, which needs no escaping.
    static func question(token: String) -> HTTPResponse {
        page(
            title: "Se désabonner · Unsubscribe",
            body: """
                <p lang="fr">Ne plus recevoir nos messages d’information&nbsp;?</p>
                <p>Stop receiving our news and announcements?</p>
                <form method="post" action="?token=\(token)"><button>Se désabonner · Unsubscribe</button></form>
                """
        )
    }

    static let confirmation = page(
        title: "C’est fait · Done",
        body: """
            <p lang="fr">Vous ne recevrez plus nos messages d’information. Les messages liés à votre compte continuent
            de vous parvenir.</p>
            <p>You won’t get our news and announcements any more. Messages about your account still reach you.</p>
            """
    )

    private static func page(title: String, body: String) -> HTTPResponse {
        let html = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(title)</title>
            <meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
            <style>:root{color-scheme:light dark}body{font:17px/1.5 system-ui,sans-serif;max-width:32rem;
            margin:15vh auto;padding:0 1.5rem}button{font:inherit;font-weight:600;padding:.6rem 1.2rem;border:0;
            border-radius:.5rem;background:#1d4ed8;color:#fff;cursor:pointer}</style></head>
            <body><h1>\(title)</h1>
            \(body)
            </body></html>
            """
        var response = HTTPResponse(text: html, type: "text/html; charset=utf-8")
        response.headers.add(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
        )
        return response
    }
}

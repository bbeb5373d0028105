/// What the sources name, as REQUIREMENTS section 3 lists it: 33, 54 and 32 endpoints.
enum Named {
    static let platformConsole = """
        POST /admin/auth/login
        POST /admin/auth/logout
        GET /admin/me
        GET POST /admin/customers
        GET PUT PATCH DELETE /admin/customers/{id}
        GET POST /admin/customers/{id}/contacts
        PUT DELETE /admin/contacts/{id}
        GET POST /admin/deals
        GET PUT PATCH DELETE /admin/deals/{id}
        GET POST /admin/activities
        GET PUT PATCH DELETE /admin/activities/{id}
        GET /admin/me/activities
        GET POST /admin/tags
        PUT DELETE /admin/tags/{id}
        GET /admin/reports/overview
        GET /health
        GET /metrics
        """
    static let ascendore = """
        GET POST /companies
        GET PUT DELETE /companies/{id}
        GET /companies/{id}/contacts
        GET /companies/{id}/deals
        GET /companies/{id}/projects
        GET /companies/{id}/activities
        GET /companies/{id}/notes
        GET POST /contacts
        GET PUT DELETE /contacts/{id}
        GET /contacts/{id}/deals
        GET /contacts/{id}/activities
        GET /contacts/{id}/notes
        GET POST /deals
        GET PUT DELETE /deals/{id}
        PUT /deals/{id}/stage
        GET /deals/{id}/activities
        GET /deals/{id}/notes
        GET /deals/pipeline
        GET POST /campaigns
        GET PUT DELETE /campaigns/{id}
        GET POST /campaigns/{id}/contacts
        GET /campaigns/{id}/metrics
        GET POST /projects
        GET PUT DELETE /projects/{id}
        GET /projects/{id}/tasks
        GET /projects/{id}/activities
        GET POST /tasks
        GET PUT DELETE /tasks/{id}
        PUT /tasks/{id}/complete
        GET /tasks/my-tasks
        GET /activities
        POST /notes
        GET PUT DELETE /notes/{id}
        """
    static let trailtrack = """
        POST /auth/register
        POST /auth/login
        POST /auth/refresh
        GET /me
        GET POST /accounts
        GET PATCH DELETE /accounts/{id}
        GET POST /contacts
        GET PATCH DELETE /contacts/{id}
        GET POST /leads
        GET PATCH DELETE /leads/{id}
        GET POST /activities
        GET PATCH DELETE /activities/{id}
        GET POST /tasks
        GET PATCH DELETE /tasks/{id}
        POST /attachments/upload
        GET /attachments/{id}/download
        DELETE /attachments/{id}
        """

    /// `POST /admin/auth/login`, one for each method.
    static func all(_ text: String, below prefix: String = "") -> Set<String> {
        Set(
            text.split(separator: "\n").flatMap { line -> [String] in
                let words = line.split(separator: " ")
                return words.dropLast().map { "\($0) \(prefix)\(words[words.count - 1])" }
            })
    }
}

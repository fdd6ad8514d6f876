"""What the product is made of: bills of materials, licences, known vulnerabilities."""

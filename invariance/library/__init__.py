"""What a notebook calls: networks, pictures and questions in, tables out."""

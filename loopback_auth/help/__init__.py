"""Long help texts, one Markdown file a topic; `loopback-auth help TOPIC` prints them."""

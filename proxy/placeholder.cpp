// stands here until the room has its first source

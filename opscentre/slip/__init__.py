"""The apology slip with a new date, of one overdue dossier: what it says, and as PDF and DOCX ready to sign."""

"""Tables and arrays to Plotly figures and pictures; no torch, no Streamlit."""
